"""The room's screens; what they show is decided elsewhere. Upper rooms extend these classes."""

from mappings.admin.flows import FlowAdmin
from mappings.admin.lists import ChartedConnectionAdmin, ListedWorkspaceAdmin
from mappings.admin.rules import PartyLinkAdmin, RuleAdmin

__all__ = [
    "ChartedConnectionAdmin",
    "FlowAdmin",
    "ListedWorkspaceAdmin",
    "PartyLinkAdmin",
    "RuleAdmin",
]
