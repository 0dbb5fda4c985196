"""Every address of the site, room by room."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from audit.admin.record_link import record_link

urlpatterns = [
    # There is one place to work: whoever types the bare address wants it.
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("audit.api.urls")),
    # Stands in documents: whoever reads it in the ledger comes back to our record.
    path("r/<str:marker>", record_link, name="record"),
    path("", include("connectors.urls")),
]
