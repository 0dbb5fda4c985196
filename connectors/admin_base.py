"""The one door to the admin theme, and the habits that every screen of the back office shares.

    from connectors.admin_base import BackOfficeAdmin, ReadOnlyAdmin, button, confirmed, display

`BackOfficeAdmin`  lists end in id, 50 to a page; single rows have buttons that are POSTs
`ReadOnlyAdmin`    nobody adds, changes or deletes, superusers included
`@button`          something to do with one row, on its page
`@confirmed`       something to do with many, after a page that says what will happen
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminPasswordWidget as PasswordWidget,
)
from unfold.widgets import (
    UnfoldAdminSelectWidget as SelectWidget,
)
from unfold.widgets import (
    UnfoldAdminTextareaWidget as TextareaWidget,
)
from unfold.widgets import (
    UnfoldAdminTextInputWidget as TextInputWidget,
)
from unfold.widgets import (
    UnfoldBooleanSwitchWidget as SwitchWidget,
)

__all__ = [
    "AdminPasswordChangeForm",
    "BackOfficeAdmin",
    "Confirmation",
    "ModelAdmin",
    "PasswordWidget",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "SelectWidget",
    "StackedInline",
    "SwitchWidget",
    "TabularInline",
    "TextInputWidget",
    "TextareaWidget",
    "UserChangeForm",
    "UserCreationForm",
    "action",
    "button",
    "change_link",
    "change_url",
    "confirmed",
    "connection_facts",
    "display",
    "forms",
    "messages",
    "reason_of",
]

# What a ledger connection's page shows beyond what this room knows. An upper room appends
# functions (connection) -> [(label, text), ...], such as "Reports waiting".
connection_facts: list[Callable[[Any], Sequence[tuple[str, str]]]] = []


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person is asked before many rows change.

    question  one sentence: "Replay 12 reports?"
    facts     label and text, counts and sums with currency: ("Reports", "12"), ("USD", "4,310.20")
    lines     the rows, as people call them; the page shows them all, so cut long lists here
    warning   what cannot be undone, "" if all can
    verb      the text of the button
    reason    the label of a field for the reason, "" for no field; `reason_of(request)` has it
    is_reason_needed  the page is not sent without one
    """

    question: str
    facts: Sequence[tuple[str, str]] = ()
    lines: Sequence[str] = ()
    warning: str = ""
    verb: str = "Continue"
    reason: str = ""
    is_reason_needed: bool = False


def reason_of(request: HttpRequest) -> str:
    """What was written in the field of a Confirmation, at most 500 characters."""
    return request.POST.get("reason", "").strip()[:500]


@dataclass(frozen=True, slots=True)
class Button:
    """One row's button as the page shows it."""

    name: str
    label: str
    url: str
    is_primary: bool = False


def change_url(row: Model, site: str = "admin") -> str:
    """The address of the row's page in the admin."""
    opts = row._meta
    return reverse(f"{site}:{opts.app_label}_{opts.model_name}_change", args=[row.pk])


def change_link(row: Model | None, text: str = "") -> str:
    """A link to the row's page, or a dash where there is no row."""
    if row is None:
        return "–"
    return format_html('<a href="{}">{}</a>', change_url(row), text or str(row))


def confirmed(
    *,
    label: str,
    permission: str,
    ask: Callable[[Any, HttpRequest, QuerySet], Confirmation],
) -> Callable:
    """Make a bulk action `(self, request, queryset)` ask first.

    permission  full name, `audit.replay_posting`; without it the action is neither shown nor run
    ask         (self, request, queryset) -> Confirmation

    The action runs on a POST with `confirm=1`, and only over the very rows that were shown: if the
    selection has changed meanwhile, the page is shown anew. It reports by `messages`.
    """

    def decorate(function: Callable) -> Callable:
        @wraps(function)
        def run(self: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            rows = _fingerprint(queryset)
            was_shown = request.POST.get("confirm") == "1"
            if was_shown and request.POST.get("rows") == rows:
                return function(self, request, queryset)
            if was_shown:
                messages.warning(
                    request, "The selection has changed meanwhile. Nothing was done; look again."
                )
            hidden = [("action", function.__name__), ("confirm", "1"), ("rows", rows)]
            hidden += [(ACTION_CHECKBOX_NAME, pk) for pk in _chosen(request)]
            if request.POST.get("select_across") == "1":
                hidden.append(("select_across", "1"))  # Django then asks the list's filters again
            back = request.get_full_path()
            return _confirmation_page(self, request, ask(self, request, queryset), hidden, back)

        run.short_description = label
        run.needed_permission = permission
        return run

    return decorate


def button(
    *,
    label: str,
    permission: str,
    ask: Callable[[Any, HttpRequest, Any], Confirmation] | None = None,
    shown: Callable[[Any], bool] | None = None,
    is_primary: bool = False,
) -> Callable:
    """Make `(self, request, row)` a button on the row's page, listed in `buttons` of its admin.

    permission  full name, `connectors.test_ledgerconnection`
    ask         with it, the button asks first: (self, request, row) -> Confirmation
    shown       (row) -> bool: whether it makes sense for this row now

    Runs on POST only, outside any transaction. A returned response is used, else the row's page
    is shown again; what happened is told by `messages`.
    """

    def decorate(function: Callable) -> Callable:
        @wraps(function)
        def run(self: Any, request: HttpRequest, row: Any) -> HttpResponse | None:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            if ask is not None and request.POST.get("confirm") != "1":
                back = change_url(row, self.admin_site.name)
                question = ask(self, request, row)
                return _confirmation_page(self, request, question, [("confirm", "1")], back)
            return function(self, request, row)

        run.label, run.needed_permission = label, permission
        run.shown, run.is_primary = shown or (lambda row: True), is_primary
        return run

    return decorate


class BackOfficeAdmin(ModelAdmin):
    """The base of every screen here. `buttons` names methods made with `@button`; `empty_text`
    says where rows come from, for lists that people don't add to."""

    list_per_page = 50
    list_max_show_all = 500
    show_full_result_count = True
    actions_on_top = True
    buttons: Sequence[str] = ()
    empty_text = ""
    change_form_outer_before_template = "connectors/buttons.html"

    def get_ordering(self, request: HttpRequest) -> Sequence[str]:
        """The model's or the class's, ended by the id: equal rows must not change places."""
        ordering = [*(self.ordering or self.model._meta.ordering or ())]
        if not any(str(name).lstrip("-") in ("id", "pk") for name in ordering):
            ordering.append("-id")
        return ordering

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without those that the user may not run; rows are deleted one by one, with a look."""
        offered = super().get_actions(request)
        offered.pop("delete_selected", None)
        return {
            name: one
            for name, one in offered.items()
            if not (needed := getattr(one[0], "needed_permission", ""))
            or request.user.has_perm(needed)
        }

    def get_urls(self) -> list[URLPattern]:
        opts = self.model._meta
        press = path(
            "<path:object_id>/do/<slug:name>/",
            self.admin_site.admin_view(self.press),
            name=f"{opts.app_label}_{opts.model_name}_do",
        )
        return [press, *super().get_urls()]

    def press(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """A button was pressed on the page of one row."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.model._meta, object_id)
        if request.method != "POST":  # reloaded, or signed in again: the button is on the page
            return HttpResponseRedirect(change_url(row, self.admin_site.name))
        if name not in self.buttons or not self.has_view_permission(request, row):
            raise PermissionDenied
        answer = getattr(self, name)(request, row)
        return answer or HttpResponseRedirect(change_url(row, self.admin_site.name))

    def buttons_for(self, request: HttpRequest, row: Any) -> list[Button]:
        """The buttons that this user may press on this row now."""
        opts = self.model._meta
        shown = []
        for name in self.buttons:
            one = getattr(self, name)
            if request.user.has_perm(one.needed_permission) and one.shown(row):
                url = reverse(
                    f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}_do",
                    args=[row.pk, name],
                )
                shown.append(Button(name, one.label, url, one.is_primary))
        return shown

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        context["row_buttons"] = self.buttons_for(request, row) if row is not None else []
        return super().render_change_form(request, context, *args, **kwargs)


class _NobodyWrites:
    """What is written by the machine alone is changed by nobody, superusers included."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(_NobodyWrites, BackOfficeAdmin):
    """A screen to look at; its buttons and actions are still possible."""


class ReadOnlyInline(_NobodyWrites, TabularInline):
    """Rows below another row's page, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True


def _confirmation_page(
    model_admin: ModelAdmin,
    request: HttpRequest,
    confirmation: Confirmation,
    hidden: Sequence[tuple[str, str]],
    back: str,
) -> TemplateResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": confirmation.question,
        "opts": model_admin.model._meta,
        "confirmation": confirmation,
        "reason": reason_of(request),  # kept when the question is asked anew
        "hidden": hidden,
        "back": back,
        "media": model_admin.media,
    }
    return TemplateResponse(request, "connectors/confirm.html", context)


def _chosen(request: HttpRequest) -> list[str]:
    return sorted(set(request.POST.getlist(ACTION_CHECKBOX_NAME)))


def _fingerprint(queryset: QuerySet) -> str:
    """Which rows, in one short word: what was shown and what is done must be the same."""
    digest = hashlib.sha256()
    for pk in queryset.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=5000):
        digest.update(f"{pk},".encode())
    return digest.hexdigest()[:24]
