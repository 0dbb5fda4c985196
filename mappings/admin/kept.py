"""Figures of a page that are worked out once: the admin asks a read-only field several times."""

from collections.abc import Callable
from functools import wraps
from typing import Any


def kept(shown: Callable) -> Callable:
    """A read-only field whose answer stays with the row, which lives as long as the request."""

    @wraps(shown)
    def answer(screen: Any, row: Any) -> Any:
        answers = row.__dict__.setdefault("_shown_on_page", {})
        if shown.__name__ not in answers:
            answers[shown.__name__] = shown(screen, row)
        return answers[shown.__name__]

    return answer
