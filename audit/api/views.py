"""The read-only API: reports and postings, in the order in which they were first seen."""

from django.db.models import Prefetch, QuerySet
from rest_framework.pagination import PageNumberPagination
from rest_framework.viewsets import ReadOnlyModelViewSet

from audit.api.filters import Filters
from audit.api.permissions import MayView
from audit.api.serializers import PostingSerializer, ReportSerializer
from audit.models import Posting, Report
from audit.states import State


class Pages(PageNumberPagination):
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 500


REPORT_FILTERS = Filters(
    exact={"employee": "employee_email__iexact", "report": "report_id"},
    ids={"flow": "flow_id", "connection": "flow__connection_id"},
    words={"status": ("standing", Report.Standing.values)},
    span="approved_at",
    is_moment=True,
)
POSTING_FILTERS = Filters(
    exact={"employee": "report__employee_email__iexact", "report": "report__report_id"},
    ids={"flow": "flow_id", "connection": "connection_id"},
    words={"status": ("state", State.values)},
    span="date",
    is_moment=False,
)


class _Readable(ReadOnlyModelViewSet):
    """Filters hold for lists alone: one row is asked for by its id."""

    permission_classes = [MayView]
    pagination_class = Pages
    filters: Filters

    def get_queryset(self) -> QuerySet:
        rows = super().get_queryset()
        return self.filters.apply(rows, self.request.query_params) if not self.detail else rows


class ReportViewSet(_Readable):
    """Reports; `period`, `from` and `to` are days of approval in the server's zone."""

    serializer_class = ReportSerializer
    filters = REPORT_FILTERS
    queryset = (
        Report.objects.select_related("flow", "workspace")
        .defer("untaken")
        .prefetch_related(
            Prefetch(
                "postings",
                Posting.objects.exclude(state=State.SUPERSEDED)
                .defer("payload", "stored", "entry", "explained", "cuts")
                .order_by("pk"),
                to_attr="current",
            )
        )
        .order_by("id")
    )


class PostingViewSet(_Readable):
    """Postings; `period`, `from` and `to` are posting dates."""

    serializer_class = PostingSerializer
    filters = POSTING_FILTERS
    queryset = (
        Posting.objects.select_related("report")
        .defer("payload", "stored", "entry", "explained", "cuts")
        .order_by("id")
    )
