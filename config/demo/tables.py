"""How the demo speaks on a terminal: headings, sentences and narrow tables."""

import textwrap
from collections.abc import Sequence
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


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns as wide as they need to be; all but the first are ranged right."""
    texts = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[place]) for row in texts) for place in range(len(head))]
    for number, row in enumerate(texts):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print(f"  {'  '.join(cells)}".rstrip(), flush=True)
        if number == 0:
            print(f"  {'  '.join('-' * width for width in widths)}", flush=True)
