"""The people who may sign in: Django's own screen, with what our readers need and no more."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import ReadOnlyPasswordHashWidget
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.safestring import mark_safe

from connectors.admin_base import (
    AdminPasswordChangeForm,
    BackOfficeAdmin,
    UserChangeForm,
    UserCreationForm,
)


class WhetherSet(ReadOnlyPasswordHashWidget):
    """Says that there is a password; how it is stored helps nobody who reads the page."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        is_set = len(context["summary"]) > 1  # Django's one line says what is wrong with it
        return context | {"summary": [{"label": "Set"}]} if is_set else context


class PersonForm(UserChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget = WhetherSet()
        self.fields["password"].help_text = mark_safe(
            'Nobody can read it. <a href="../password/" class="text-link">Change the password</a>'
        )


class PersonAdmin(UserAdmin, BackOfficeAdmin):
    form = PersonForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    # Labels above: beside their labels the pairs of boxes are wider than a laptop's page.
    compressed_fields = False
    add_fieldsets = (
        (None, {"fields": ("username", "is_staff", "usable_password", "password1", "password2")}),
    )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """There is no other place to sign in, so whoever is added here is to use this one."""
        return {"is_staff": True} | super().get_changeform_initial_data(request)


admin.site.unregister(User)
admin.site.register(User, PersonAdmin)
