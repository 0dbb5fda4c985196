"""Rules as a file on the screen: downloaded, uploaded, looked at change by change, then written."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify

from connectors.admin_base import change_url, forms, messages
from mappings import rules_file
from mappings.models import Flow
from mappings.rules_compared import Comparison
from mappings.rules_csv import MAX_BYTES

CHANGES = ("mappings.add_rule", "mappings.change_rule")
REMOVES = "mappings.delete_rule"

# What a change of rules means beyond what this room knows. An upper room appends functions
# (flow) -> [(label, text or link), ...], such as "Held reports".
import_facts: list[Callable[[Flow], Sequence[tuple[str, str]]]] = []


def file_links(flow: Flow) -> SafeString:
    """The ways out and in, for the pages of a flow and of its rules."""
    return format_html(
        '{}, <a class="text-link" href="{}">upload a CSV</a>',
        _way_out(flow),
        reverse("admin:mappings_flow_rules", args=[flow.pk]),
    )


def _way_out(flow: Flow) -> SafeString:
    address = reverse("admin:mappings_flow_rules_csv", args=[flow.pk])
    return format_html(
        '<a class="text-link" href="{}">download as CSV</a>'
        ' (<a class="text-link" href="{}?semicolons=1">with semicolons</a>)',
        address,
        address,
    )


def listed_files(request: HttpRequest) -> list[tuple[str, SafeString]]:
    """For the list of rules: each flow, or the one that the list is narrowed to, with its links."""
    chosen = request.GET.get("flow__id__exact", "")
    flows = Flow.objects.order_by("name", "pk")
    rows = flows.filter(pk=int(chosen)) if chosen.isdecimal() else flows
    return [(flow.name, file_links(flow)) for flow in rows.only("pk", "name")]


class UploadForm(forms.Form):
    file = forms.FileField(label="CSV file", allow_empty_file=True)
    removes = forms.BooleanField(label="Remove rules that are not in the file", required=False)

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > MAX_BYTES:
            raise ValidationError(
                f"The file has {upload.size / 1000:,.0f} kB; up to {MAX_BYTES // 1000:,} kB are "
                "read. Split it in two and upload one after the other."
            )
        return upload


class RulesFilePages:
    """Two addresses below the page of a flow, for its admin."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:flow_id>/rules.csv",
                view(self.download_rules),
                name="mappings_flow_rules_csv",
            ),
            path("<int:flow_id>/rules/", view(self.upload_rules), name="mappings_flow_rules"),
            *super().get_urls(),
        ]

    def download_rules(self, request: HttpRequest, flow_id: int) -> HttpResponse:
        flow = self._flow_for(request, flow_id, "mappings.view_rule")
        if flow is None:
            return self._get_obj_does_not_exist_redirect(request, self.model._meta, str(flow_id))
        delimiter = ";" if request.GET.get("semicolons") else ","
        answer = HttpResponse(
            rules_file.exported(flow, delimiter), content_type="text/csv; charset=utf-8"
        )
        name = f"rules-{slugify(flow.name) or flow.pk}.csv"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def upload_rules(self, request: HttpRequest, flow_id: int) -> HttpResponse:
        flow = self._flow_for(request, flow_id, *CHANGES)
        if flow is None:
            return self._get_obj_does_not_exist_redirect(request, self.model._meta, str(flow_id))
        if request.POST.get("removes") and not request.user.has_perm(REMOVES):
            raise PermissionDenied
        if request.POST.get("confirm") == "1":
            return self._confirmed(request, flow)
        is_post = request.method == "POST"
        form = UploadForm(request.POST, request.FILES) if is_post else UploadForm()
        if not form.is_valid():
            return self._page(request, flow, form=form)
        upload = form.cleaned_data["file"]
        return self._preview(
            request, flow, upload.read(), form.cleaned_data["removes"], name=upload.name
        )

    def _flow_for(self, request: HttpRequest, flow_id: int, *needed: str) -> Flow | None:
        flow = self.get_object(request, str(flow_id))
        if flow is None:
            return None
        if not (self.has_view_permission(request, flow) and request.user.has_perms(needed)):
            raise PermissionDenied
        return flow

    def _preview(
        self, request: HttpRequest, flow: Flow, raw: bytes, removes: bool, name: str
    ) -> HttpResponse:
        found = rules_file.preview(flow, raw, removes=removes)
        context: dict[str, Any] = {"found": found, "form": UploadForm()}
        if not found.mistakes:
            context["groups"] = _groups(found)
            context["hidden"] = [
                ("confirm", "1"),
                ("shown", found.fingerprint),
                ("file", b64encode(raw).decode("ascii")),
                ("name", name),
                ("removes", "on" if removes else ""),
            ]
            context["stays"] = 0 if removes else found.missing
            context["facts"] = _facts(flow)
        return self._page(request, flow, **context)

    def _confirmed(self, request: HttpRequest, flow: Flow) -> HttpResponse:
        removes, name = bool(request.POST.get("removes")), request.POST.get("name", "")[:200]
        try:
            raw = b64decode(request.POST.get("file", ""), validate=True)
        except binascii.Error:
            raise PermissionDenied("The page was not sent as it was shown.") from None
        shown = request.POST.get("shown", "")
        actor = request.user.get_username()
        try:
            found = rules_file.carry_out(
                flow, raw, removes=removes, shown=shown, name=name, actor=actor
            )
        except (rules_file.RulesChanged, ValidationError):
            messages.warning(
                request,
                "The rules or the ledger's lists have changed since you looked. Nothing was "
                "written; look again.",
            )
            return self._preview(request, flow, raw, removes, name)
        counts = [f"{len(edits)} {word}" for word, edits in _kinds(found) if edits]
        text = format_html("Rules of {}: {}.", flow, ", ".join(counts) or "left as they were")
        told = format_html_join("", " {}: {}.", _facts(flow)) if counts else ""
        messages.success(request, format_html("{}{}", text, told))
        return HttpResponseRedirect(change_url(flow, self.admin_site.name))

    def _page(self, request: HttpRequest, flow: Flow, **context: Any) -> HttpResponse:
        given = {
            **self.admin_site.each_context(request),
            "title": f"{flow}: rules from a file",
            "opts": self.model._meta,
            "flow": flow,
            "way_out": _way_out(flow),
            "back": change_url(flow, self.admin_site.name),
            "may_remove": request.user.has_perm(REMOVES),
            "media": self.media,
        }
        return TemplateResponse(request, "mappings/rules_csv.html", given | context)


def _kinds(found: Comparison) -> list[tuple[str, list]]:
    return [("added", found.added), ("changed", found.changed), ("removed", found.removed)]


def _groups(found: Comparison) -> list[dict[str, Any]]:
    return [{"title": word.capitalize(), "edits": edits} for word, edits in _kinds(found) if edits]


def _facts(flow: Flow) -> list[tuple[str, str]]:
    return [fact for facts in import_facts for fact in facts(flow)]
