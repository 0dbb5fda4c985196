"""How the demo speaks on a terminal: headings, sentences and narrow tables."""

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

WIDTH = 98


def heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def say(text: str) -> None:
    indent = " " * (len(text) - len(text.lstrip()) + 4)
    print(textwrap.fill(f"  {text}", WIDTH, subsequent_indent=indent), flush=True)


def money(amount: Decimal | int | None, currency: str = "") -> str:
    return "-" if amount is None else f"{amount:,.2f} {currency}".rstrip()


def sums(amounts: Mapping[str, Decimal]) -> str:
    return " + ".join(money(amount, currency) for currency, amount in amounts.items()) or "-"


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], left: int = 1) -> None:
    """Columns as wide as they need to be; the first `left` are ranged left, the others right."""
    texts = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(width(row[place]) for row in texts) for place in range(len(head))]
    for number, row in enumerate(texts):
        cells = []
        for place, cell in enumerate(row):
            blank = " " * (widths[place] - width(cell))
            cells.append(cell + blank if place < left else blank + cell)
        print(f"  {'  '.join(cells)}".rstrip(), flush=True)
        if number == 0:
            print(f"  {'  '.join('-' * wide for wide in widths)}", flush=True)


def listing(rows: Sequence[tuple[str, str]]) -> None:
    """A name and what is to be said about it, one below the other."""
    widest = max(width(name) for name, _ in rows)
    for name, text in rows:
        lines = textwrap.wrap(text, WIDTH - widest - 4)
        for number, line in enumerate(lines):
            first = name if number == 0 else ""
            print(f"  {first}{' ' * (widest - width(first))}  {line}", flush=True)


def width(text: str) -> int:
    """Columns on a terminal: Chinese and Japanese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
