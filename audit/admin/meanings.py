"""What the messages mean: every code with its sentence and its cure, on one page to look things up.

The code of a message, in its small print, leads to its line here.
"""

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from audit.codes import tables


def meanings_page(model_admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "What the messages mean",
        "opts": model_admin.opts,
        "tables": tables(),
        "media": model_admin.media,
    }
    return TemplateResponse(request, "audit/meanings.html", context)
