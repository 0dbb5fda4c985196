"""Holds a body against the schema: refuses what is not listed, and reads what was really given."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .errors import Refusal, bad_property, business
from .schema import ENTITIES, IGNORED, Enum, Many, Part, Simple, Text

SHAPE = "properties"  # unknown names, wrong JSON types, enumerations
CONTENT = "lengths"  # lengths, characters, dates, ids, numbers


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?$")
_SPECIAL_IDS = ("TAX", "NON")
NUMBER_MOST = Decimal(10) ** 12


def check(entity: str, given: Any, stage: str, settings: dict[str, Any]) -> None:
    """Refusal for the first property that is wrong at this stage (SHAPE or CONTENT)."""
    if not isinstance(given, dict):
        raise bad_property(entity)
    _Walk(stage, settings).part(given, ENTITIES[entity], "")


class _Walk:
    def __init__(self, stage: str, settings: dict[str, Any]) -> None:
        self.is_shape = stage == SHAPE
        self.settings = settings

    def part(self, given: Any, fields: dict[str, Any], path: str) -> None:
        if not isinstance(given, dict):
            raise bad_property(path)
        for name, found in given.items():
            spec = fields.get(name)
            if spec is None:
                raise bad_property(path + name)
            if found is None or found == "" or spec is IGNORED:
                continue
            self.one(found, spec, path + name)

    def one(self, found: Any, spec: Any, path: str) -> None:
        if isinstance(spec, Part):
            self.part(found, spec.fields, path + ".")
        elif isinstance(spec, Many):
            if not isinstance(found, list):
                raise bad_property(path)
            for each in found:
                self.one(each, spec.of, path)
        elif isinstance(spec, Enum):
            if self.is_shape and found not in spec.allowed:
                raise _bad_enum(spec, found, path)
        elif isinstance(spec, Text):
            self.text(found, spec, path)
        elif self.is_shape:
            self.simple_shape(found, spec.kind, path)
        else:
            self.simple_content(found, spec.kind, path)

    def text(self, found: Any, spec: Text, path: str) -> None:
        if self.is_shape:
            if not isinstance(found, str):
                raise bad_property(path)
            return
        self.characters(found, path)
        if spec.most is None or len(found) <= spec.most:
            return
        if spec.code == "6000":
            raise business("You cannot enter more than 21 characters in the doc_num field", path)
        raise Refusal(
            spec.code,
            "String length is either shorter or longer than supported by specification. "
            f"Min:0 Max:{spec.most} supplied:{len(found)}",
            path,
        )

    def characters(self, found: str, path: str) -> None:
        refused = self.settings["control_characters"] == "refuse" and _CONTROL.search(found)
        astral = self.settings["astral_characters"] == "refuse" and _ASTRAL.search(found)
        if refused or astral:
            raise Refusal(
                "2040", f"Invalid String. The string contains unsupported characters: {path}", path
            )

    def simple_shape(self, found: Any, kind: str, path: str) -> None:
        number = isinstance(found, int | Decimal) and not isinstance(found, bool)
        if kind in ("amount", "rate", "whole"):
            if not number and not isinstance(found, str):
                raise bad_property(path)
        elif kind == "flag":
            if not isinstance(found, bool) and found not in ("true", "false"):
                raise bad_property(path)
        elif kind == "day":
            if not isinstance(found, str):
                raise bad_property(path)
        elif kind == "identity":
            if not isinstance(found, str) and type(found) is not int:
                raise bad_property(path)
        elif kind == "ref":
            self.ref_shape(found, path)
        elif kind == "purchase_ex" and self.settings["purchase_ex"] == "refuse":
            raise bad_property(path)

    def ref_shape(self, found: Any, path: str) -> None:
        if not isinstance(found, dict) or set(found) - {"value", "name", "type"}:
            raise bad_property(path)
        for each in found.values():
            if each is not None and not isinstance(each, str) and type(each) is not int:
                raise bad_property(path)

    def simple_content(self, found: Any, kind: str, path: str) -> None:
        if kind in ("amount", "rate", "whole"):
            self.number(found, kind, path)
        elif kind == "day":
            _day(found, path)
        elif kind == "identity":
            if not str(found).isdigit():
                raise Refusal("2030", f"Invalid ID : {path} is not numeric: {found}", path)
        elif kind == "ref":
            id = str(found.get("value") or "0")
            plain = id.isdigit() or id.lstrip("-").isdigit() or id in _SPECIAL_IDS
            if not plain and not path.endswith("CurrencyRef"):
                raise Refusal("2030", f"Invalid ID : {path} is not numeric: {id}", path)

    def number(self, found: Any, kind: str, path: str) -> None:
        if isinstance(found, str):
            if not self.settings["numeric_strings"] or not re.fullmatch(r"-?\d+(\.\d+)?", found):
                raise Refusal("2090", f"Invalid Number : {found}", path)
            found = Decimal(found)
        if kind == "whole" and found != int(found):
            raise Refusal("2090", f"Invalid Number : {found}", path)
        if abs(found) >= NUMBER_MOST:
            raise Refusal("2110", f"Invalid Amount : {found}", path)
        exact = kind != "amount" or Decimal(found) == round(Decimal(found), 2)
        if not exact and self.settings["more_decimals"] == "refuse":
            raise Refusal("2100", f"Invalid Decimal : {found}", path)


def _bad_enum(spec: Enum, found: Any, path: str) -> Refusal:
    if spec.code == "2170":
        return Refusal("2170", f"Invalid Enumeration : {found}", path)
    return bad_property(path)


def _day(found: str, path: str) -> None:
    if not _DAY.match(found):
        raise Refusal("2060", f"Invalid Date format : {found}, expected YYYY-MM-DD", path)
    try:
        date.fromisoformat(found[:10])
        if len(found) > 10:
            datetime.fromisoformat(found)
    except ValueError:
        raise Refusal("2070", f"Invalid Date value : {found}", path) from None


def cleaned(entity: str, given: dict[str, Any]) -> dict[str, Any]:
    """What was really given: no nulls, empty texts, empty references or read-only properties;
    numbers as Decimal, ids as text. Only after both checks."""
    return _clean_part(given, ENTITIES[entity])


def _clean_part(given: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    kept = {}
    for name, found in given.items():
        spec = fields[name]
        if spec is IGNORED or found is None or found == "":
            continue
        one = _clean(found, spec)
        if one is not None:
            kept[name] = one
        elif name.endswith("LineDetail"):
            kept[name] = {}  # sent but empty: what is missing in it has codes of its own
    return kept


def _clean(found: Any, spec: Any) -> Any:
    if isinstance(spec, Part):
        return _clean_part(found, spec.fields) or None
    if isinstance(spec, Many):
        return [_clean(each, spec.of) or {} for each in found]
    if isinstance(spec, Simple):
        if spec.kind in ("amount", "rate"):
            return _number(found)
        if spec.kind == "whole":
            number = _number(found)
            return None if number is None else int(number)
        if spec.kind == "identity":
            return str(found)
        if spec.kind == "day":
            return found[:10]
        if spec.kind == "flag":
            return found is True or found == "true"
        if spec.kind == "ref":
            return _clean_ref(found)
        return None  # purchase_ex
    return found


def _number(found: Any) -> Decimal | None:
    try:
        return Decimal(found)
    except (ValueError, ArithmeticError):
        return None  # only when `lengths` is ordered after another check that will refuse it


def _clean_ref(found: dict[str, Any]) -> dict[str, str] | None:
    if found.get("value") in (None, ""):
        return None
    ref = {"value": str(found["value"])}
    if found.get("type"):
        ref["type"] = str(found["type"])
    return ref
