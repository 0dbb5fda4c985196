"""The address that stands in documents: `/r/<marker>` leads whoever finds it to its record."""

import re

from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.cache import never_cache

from audit.models import Posting
from connectors.admin_base import change_url

# Ledgers with little room hold a marker's first seven characters or more.
_MARKER = re.compile(r"[A-Z2-7]{7,52}")


@never_cache
@staff_member_required(login_url="admin:login")
@permission_required("audit.view_posting", raise_exception=True)
def record_link(request: HttpRequest, marker: str) -> HttpResponse:
    """To the newest posting of the document, or to its report where a short marker fits several."""
    if not _MARKER.fullmatch(marker):
        raise Http404(f"{marker!r} is no marker of ours.")
    found = list(
        Posting.objects.filter(marker__startswith=marker)
        .select_related("report")
        .order_by("-pk")[:50]
    )
    if not found:
        raise Http404(f"No document of ours has the marker {marker}.")
    if len({posting.marker for posting in found}) > 1:
        raise Http404(f"{marker} is too short: it fits several documents. Use the whole marker.")
    return HttpResponseRedirect(change_url(found[0]))
