"""What narrows a list of the API; a filter that makes no sense is a 400, never ignored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from audit.selectors import span_of

PAGING = frozenset({"page", "page_size", "format"})


@dataclass(frozen=True, slots=True)
class Filters:
    """How the parameters of one list reach its columns.

    exact   parameter -> lookup, for texts
    ids     parameter -> lookup, for our own numbers
    words   parameter -> (lookup, the words it knows)
    span    column of `period`, `from` and `to`; `is_moment` for a column with a time
    """

    exact: Mapping[str, str]
    ids: Mapping[str, str]
    words: Mapping[str, tuple[str, Iterable[str]]]
    span: str
    is_moment: bool

    @property
    def names(self) -> set[str]:
        return {*self.exact, *self.ids, *self.words, "period", "from", "to"}

    def apply(self, rows: QuerySet, query: QueryDict) -> QuerySet:
        """The rows that the query asks for. Raises ValidationError (400) naming the parameter."""
        if unknown := sorted(set(query) - self.names - PAGING):
            known = ", ".join(sorted(self.names))
            raise ValidationError({unknown[0]: f"There is no such filter. There are: {known}."})
        for name in query:
            if len(query.getlist(name)) > 1:
                raise ValidationError({name: "Give it once; several values need commas."})
        for name, lookup in self.exact.items():
            if text := query.get(name, "").strip():
                rows = rows.filter(**{lookup: text})
        for name, lookup in self.ids.items():
            if text := query.get(name, "").strip():
                rows = rows.filter(**{lookup: _number(name, text)})
        for name, (lookup, known) in self.words.items():
            if text := query.get(name, "").strip():
                rows = rows.filter(**{f"{lookup}__in": _words(name, text, set(known))})
        first, last = _span(query)
        return rows.filter(**self._between(first, last))

    def _between(self, first: date | None, last: date | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if first is not None:
            found[f"{self.span}__gte"] = _midnight(first) if self.is_moment else first
        if last is not None:
            if self.is_moment:
                found[f"{self.span}__lt"] = _midnight(last + timedelta(days=1))
            else:
                found[f"{self.span}__lte"] = last
        return found


def _midnight(on: date) -> datetime:
    return timezone.make_aware(datetime.combine(on, time()))


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise ValidationError({name: f"“{text[:40]}” is no id; ids are whole numbers."})
    return int(text)


def _words(name: str, text: str, known: set[str]) -> list[str]:
    asked = [word.strip() for word in text.split(",") if word.strip()]
    if unknown := [word for word in asked if word not in known]:
        listed = ", ".join(sorted(known))
        raise ValidationError({name: f"“{unknown[0][:40]}” is not known. Known are: {listed}."})
    return asked


def _span(query: QueryDict) -> tuple[date | None, date | None]:
    period, first, last = (query.get(name, "").strip() for name in ("period", "from", "to"))
    if period and (first or last):
        raise ValidationError({"period": "Give either a month, or from and to."})
    if period:
        try:
            return span_of(period)
        except ValueError as refusal:
            raise ValidationError({"period": f"{refusal}."}) from None
    start, end = _day("from", first), _day("to", last)
    if start and end and start > end:
        raise ValidationError({"from": f"{start} is after {end}."})
    return start, end


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValidationError(
            {name: f"“{text[:40]}” is no day; write it like 2026-10-31."}
        ) from None
    if not 1900 <= day.year <= 9998:
        raise ValidationError({name: f"“{text[:40]}” is no year that books are kept in."})
    return day
