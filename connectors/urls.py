"""The addresses of consents: where they start, and where vendors send the browser back to."""

from django.urls import path

from connectors import views

app_name = "connectors"

urlpatterns = [
    path("connect/<int:connection_id>/", views.connect, name="connect"),
    # Registered with the vendor letter by letter: without a slash at the end.
    path("oauth/<slug:ledger>/callback", views.callback, name="callback"),
]
