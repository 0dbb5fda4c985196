"""Who is told what by e-mail: everybody decides for themselves, an administrator for all."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from audit.admin import words
from audit.models import MailWish
from connectors.admin_base import BackOfficeAdmin, change_url, display, forms

ALL = "audit.change_mailwish"


class WishForm(forms.ModelForm):
    """A wish that cannot be fulfilled is refused, rather than forgotten."""

    class Meta:
        model = MailWish
        fields = ("user", "held", "connections")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        user = cleaned.get("user") or getattr(self, "writer", None)
        wants = cleaned.get("held") or cleaned.get("connections")
        if wants and user is not None and not user.email:
            raise forms.ValidationError(
                f"{user} has no e-mail address. Have one entered on the page of the user first."
            )
        return cleaned


@admin.register(MailWish)
class MailWishAdmin(BackOfficeAdmin):
    """Staff see and change their own wish; with the permission to change wishes, everybody's."""

    form = WishForm
    list_display = ("user", "held", "connections", "last_sent")
    list_select_related = ("user",)
    ordering = ("user__username", "id")
    readonly_fields = ("last_sent",)

    def get_urls(self) -> list[URLPattern]:
        mine = path("mine/", self.admin_site.admin_view(self.mine), name="audit_mailwish_mine")
        return [mine, *super().get_urls()]

    def mine(self, request: HttpRequest) -> HttpResponse:
        """To one's own wish, or to making it."""
        own = MailWish.objects.filter(user=request.user).first()
        where = change_url(own) if own else reverse("admin:audit_mailwish_add")
        return HttpResponseRedirect(where)

    @display(description="Last e-mail", ordering="last_sent_at")
    def last_sent(self, wish: MailWish) -> str:
        return words.moment(wish.last_sent_at)

    # --- whose ---

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows if request.user.has_perm(ALL) else rows.filter(user=request.user)

    def _is_allowed(self, request: HttpRequest, wish: MailWish | None) -> bool:
        return request.user.is_staff and (
            wish is None or wish.user_id == request.user.pk or request.user.has_perm(ALL)
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_allowed(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_allowed(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_staff

    # --- the form ---

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        who = ["user"] if request.user.has_perm(ALL) else []
        return [*who, "held", "connections", "last_sent"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["last_sent", "user"] if obj is not None else ["last_sent"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk} | super().get_changeform_initial_data(request)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        form.writer = obj.user if obj is not None else request.user
        return form

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm(ALL) and MailWish.objects.filter(user=request.user).exists():
            return self.mine(request)  # a second tab, or the button pressed twice
        return super().add_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: MailWish, form: Any, change: bool) -> None:
        """What was told is written by the sender meanwhile: only the wishes are saved."""
        if not change:
            if not request.user.has_perm(ALL):
                obj.user = request.user
            obj.save()
            return
        obj.save(update_fields=["held", "connections"])

    def response_post_save_add(self, request: HttpRequest, obj: MailWish) -> HttpResponse:
        return self._saved(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: MailWish) -> HttpResponse:
        return self._saved(request, obj)

    def _saved(self, request: HttpRequest, obj: MailWish) -> HttpResponse:
        if obj.held or obj.connections:
            messages.info(request, f"E-mail goes to {obj.user.email}.")
        return HttpResponseRedirect(change_url(obj))
