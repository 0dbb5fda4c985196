"""Deployment mistakes that nobody would see until the trail is missed."""

from typing import Any

from django.core.checks import Error, register

from connectors.signals import happened


@register()
def somebody_listens(app_configs: Any, **kwargs: Any) -> list[Error]:
    """The trail is written by a receiver of an upper room; without it all works, unrecorded."""
    if happened.has_listeners():
        return []
    return [
        Error(
            "Nobody receives connectors.signals.happened: the audit trail would stay empty.",
            hint="Keep 'audit' in INSTALLED_APPS; its AppConfig.ready() connects the receiver.",
            id="connectors.E001",
        )
    ]
