"""Two groups that every installation has: who may look, and who may also act on postings."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.db.models.signals import post_migrate
from django.dispatch import receiver

VIEWER, POSTER = "Viewer", "Poster"

ROOMS = frozenset({"connectors", "mappings", "audit", "qbwc"})
# What only the machine reads: credentials, and consents that are under way.
SECRET = frozenset({"view_credential", "view_oauthstate"})
LOOKS = frozenset({"explain_flow"})
ACTS = frozenset(
    {"replay_posting", "reverse_posting", "ignore_posting", "poll_flow", "retry_ledgerconnection"}
)
# Rows that the buttons of a held posting make: who the payee is. What rules, rates and flows say of
# all reports stays with those who administer the books.
DECIDES = frozenset({"add_partyname", "add_partylink", "change_partyname", "change_partylink"})


@receiver(post_migrate, dispatch_uid="audit.groups")
def make_groups(sender: AppConfig, using: str = "default", **kwargs: Any) -> None:
    """After each room's migrations its permissions are given out; none is ever taken away, so
    that an administrator may give the groups more."""
    if sender.label not in ROOMS:
        return
    # Django makes them in a receiver of its own, which may come after this one.
    create_permissions(sender, verbosity=0, using=using)
    ours = Permission.objects.using(using).filter(content_type__app_label=sender.label)
    looks = ours.filter(Q(codename__startswith="view_") | Q(codename__in=LOOKS))
    looks = looks.exclude(codename__in=SECRET)
    acts = ours.filter(codename__in=ACTS | DECIDES)
    viewer, _ = Group.objects.using(using).get_or_create(name=VIEWER)
    poster, _ = Group.objects.using(using).get_or_create(name=POSTER)
    viewer.permissions.add(*looks)
    poster.permissions.add(*looks, *acts)
