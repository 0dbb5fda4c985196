"""What a decision was for: whoever saves a rule or a link is told which reports wait for it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from audit.admin import words
from audit.admin.actions import REPLAY
from audit.admin.held import list_of
from audit.models import Posting
from audit.selectors import Held, held
from connectors.admin_base import messages
from connectors.counting import counted
from mappings.admin import PartyLinkAdmin, RuleAdmin
from mappings.admin.choices import kept_in
from mappings.models import Party, PartyLink, Rule


class TellsWhatWaits:
    """For the admin of a decision: after its own message, one for each cause that it may cure."""

    tell_what_waits: Callable[[HttpRequest, Any], None]

    def response_add(self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().response_add(request, obj, *args, **kwargs)
        return self._told(request, obj, answer)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        return self._told(request, obj, super().response_change(request, obj))

    def _told(self, request: HttpRequest, obj: Any, answer: HttpResponse) -> HttpResponse:
        if request.user.has_perm("audit.view_posting"):
            self.tell_what_waits(request, obj)
        return answer


class EngineRuleAdmin(TellsWhatWaits, RuleAdmin):
    def tell_what_waits(self, request: HttpRequest, obj: Rule) -> None:
        if not obj.is_active:
            return
        of_flow = Posting.objects.filter(flow=obj.flow_id)
        for one in _causes(of_flow, lambda problem: _is_decided(obj, problem)):
            _tell(request, one, flow__id__exact=str(obj.flow_id))


class EnginePartyLinkAdmin(TellsWhatWaits, PartyLinkAdmin):
    def tell_what_waits(self, request: HttpRequest, obj: PartyLink) -> None:
        theirs = Posting.objects.filter(
            connection=obj.connection_id, report__employee_email__iexact=obj.employee_email
        )
        for one in _causes(theirs, lambda problem: "employee_email" in _facts(problem)):
            wanted = _facts(one.problem).get("currency", "")
            if wanted and wanted != kept_in(obj.party):
                _warn(request, one, obj.party, wanted)
            else:
                _tell(request, one)


def _causes(rows: QuerySet[Posting], is_meant: Callable[[Mapping], bool]) -> Iterable[Held]:
    return (one for one in held(rows) if is_meant(one.problem))


def _is_decided(rule: Rule, problem: Mapping[str, Any]) -> bool:
    """Whether the rule says what the problem misses. Its other conditions are not looked at: what
    they leave out is held again, and says so."""
    facts = _facts(problem)
    if facts.get("rule_id") == str(rule.pk):
        return True
    if "category" in facts:
        return bool(rule.account_id) and rule.category == facts["category"]
    if "tag" in facts:
        level = str(rule.tag_level or 1)
        return (rule.tag, level) == (facts["tag"], facts.get("tag_level", "1"))
    if "tax" in facts or "tax_category" in facts:
        if not (rule.tax_code_id or rule.tax_is_cost):
            return False
        named = {"tax": rule.tax, "tax_category": rule.category}
        given = {name: text for name, text in named.items() if text}
        return bool(given) and given.items() <= facts.items()
    return False


def _facts(problem: Mapping[str, Any]) -> Mapping[str, str]:
    return problem.get("facts") or {}


def _warn(request: HttpRequest, one: Held, party: Party, wanted: str) -> None:
    """The ledger would book the figures one to one, so what is in another currency stays held."""
    messages.warning(
        request,
        format_html(
            'Vendor {} is kept in {}, and <a class="text-link" href="{}">{} ({})</a> {} for a '
            "vendor in {}. With this link nothing of that is posted.",
            party,
            kept_in(party),
            list_of(one),
            counted(one.reports, "report"),
            words.sums_and_unknown(one),
            _wait(one),
            wanted,
        ),
    )


def _tell(request: HttpRequest, one: Held, **narrowed: str) -> None:
    may_replay = request.user.has_perm(REPLAY)
    messages.info(
        request,
        format_html(
            '{} ({}) {} for this: <a class="text-link" href="{}">{}</a>',
            counted(one.reports, "report"),
            words.sums_and_unknown(one),
            _wait(one),
            list_of(one, **narrowed),
            "look, then Replay" if may_replay else "look",
        ),
    )


def _wait(one: Held) -> str:
    return "waits" if one.reports == 1 else "wait"


for model, ours in ((Rule, EngineRuleAdmin), (PartyLink, EnginePartyLinkAdmin)):
    admin.site.unregister(model)
    admin.site.register(model, ours)
