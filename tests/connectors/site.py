"""The addresses that these tests visit."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("", include("connectors.urls")), path("admin/", admin.site.urls)]
