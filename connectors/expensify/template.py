"""The export template, as it travels with every export job."""

from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("template.ftl")


@cache
def template_text() -> str:
    """The FreeMarker source. It prints JSON Lines: one `report` line each, then an `end` line."""
    return _FILE.read_text(encoding="utf-8")
