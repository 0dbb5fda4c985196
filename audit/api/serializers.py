"""Reports and postings as plain values; amounts are texts, so that nobody makes floats of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from audit.admin.cures import web_address
from audit.models import Posting, Report
from connectors.contract.money import is_whole, rounded


def amount_text(amount: Decimal | None, currency: str) -> str | None:
    """`412.60`, at the currency's own decimals; None stays None."""
    if amount is None:
        return None
    if is_whole(amount, currency):
        return format(rounded(amount, currency), "f")
    return format(amount.normalize(), "f")


def problems_of(posting: Posting) -> list[dict[str, str]]:
    """The problems as people read them, without what only our own screens need."""
    names = ("code", "field", "message", "cure", "subject")
    return [{name: one.get(name, "") for name in names} for one in posting.problems]


class PostingSerializer(serializers.ModelSerializer):
    """One write to a ledger."""

    report = serializers.CharField(source="report.report_id")
    total = serializers.SerializerMethodField()
    problems = serializers.SerializerMethodField()
    slice = serializers.CharField(source="slice_name")
    document_link = serializers.SerializerMethodField()

    class Meta:
        model = Posting
        fields = (
            "id",
            "report",
            "flow",
            "connection",
            "slice",
            "generation",
            "op",
            "kind",
            "marker",
            "state",
            "state_at",
            "date",
            "currency",
            "total",
            "party_name",
            "number",
            "document_id",
            "document_link",
            "posted_at",
            "attempts",
            "due_at",
            "note",
            "problems",
        )
        read_only_fields = fields

    def get_total(self, posting: Posting) -> str | None:
        return amount_text(posting.total, posting.currency)

    def get_problems(self, posting: Posting) -> list[dict[str, str]]:
        return problems_of(posting)

    def get_document_link(self, posting: Posting) -> str:
        return web_address(posting.document_link)


class ReportSerializer(serializers.ModelSerializer):
    """One expense report with what stands in the ledger for it and what is still to be written."""

    flow_name = serializers.SerializerMethodField()
    connection = serializers.SerializerMethodField()
    workspace_id = serializers.CharField(source="workspace.policy_id")
    total = serializers.SerializerMethodField()
    reimbursement_method = serializers.CharField(allow_null=True)
    postings = serializers.SerializerMethodField()

    class Meta:
        model = Report
        fields = (
            "id",
            "report_id",
            "name",
            "workspace_id",
            "flow",
            "flow_name",
            "connection",
            "employee_name",
            "employee_email",
            "status",
            "standing",
            "currency",
            "total",
            "submitted_at",
            "approved_at",
            "reimbursed_at",
            "reimbursement_method",
            "unapproved_at",
            "absent_since",
            "read_at",
            "not_taken_code",
            "not_taken_text",
            "postings",
        )
        read_only_fields = fields

    def get_flow_name(self, report: Report) -> str:
        return report.flow.name if report.flow else ""

    def get_connection(self, report: Report) -> int | None:
        return report.flow.connection_id if report.flow else None

    def get_total(self, report: Report) -> str | None:
        return amount_text(report.total, report.currency)

    def get_postings(self, report: Report) -> list[dict[str, Any]]:
        rows: Sequence[Posting] = report.current
        return [
            {
                "id": one.pk,
                "op": one.op,
                "kind": one.kind,
                "state": one.state,
                "number": one.number,
                "document_id": one.document_id,
                "document_link": web_address(one.document_link),
                "total": amount_text(one.total, one.currency),
                "problems": problems_of(one),
            }
            for one in rows
        ]
