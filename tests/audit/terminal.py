"""Running our commands in a test as a person at a terminal would: lines and an exit code."""

import json
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError


@dataclass(frozen=True)
class Said:
    """What a command wrote, and its exit code; `text` is stdout, or the error."""

    text: str
    code: int

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def closing(self) -> str:
        return self.lines[-1]

    def json(self) -> Any:
        return json.loads(self.text)


def run(*words: str) -> Said:
    """`manage.py <words>`, without the process."""
    out = StringIO()
    try:
        call_command(*words, stdout=out, no_color=True)
    except SystemExit as ended:
        return Said(out.getvalue(), int(ended.code or 0))
    except CommandError as error:
        return Said(str(error), error.returncode)
    return Said(out.getvalue(), 0)
