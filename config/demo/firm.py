"""How Acme's office manager maps the month: what she knows on the first day."""

from mappings import services
from mappings.models import Flow, GLAccount, Value

# Expensify category -> account number in QuickBooks. "Team events" is the one she forgot.
ACCOUNT_OF = {
    "Airfare": "6100",
    "Lodging": "6110",
    "Taxi & Rideshare": "6120",
    "Meals & Entertainment": "6130",
    "Mileage": "6140",
    "Per Diem": "6150",
    "Software": "6200",
    "Office Supplies": "6210",
    "Phone & Internet": "6220",
    "Conferences": "6230",
    "Postage": "6240",
    "Client Gifts": "6250",
    "Bank Fees": "6260",
    "Equipment": "1500",
    "Client Costs": "5100",
}
FORGOTTEN = ("Team events", "6130")

# (tag level, tag) -> (dimension in QuickBooks, its value).
VALUE_OF = {
    (1, "Consulting"): ("class", "Consulting"),
    (1, "Sales"): ("class", "Sales"),
    (1, "Operations"): ("class", "Operations"),
    (1, "Engineering"): ("class", "Engineering"),
}


def map_month(flow: Flow, actor: str) -> int:
    """Add the rules; returns how many."""
    for category, number in ACCOUNT_OF.items():
        account = GLAccount.objects.get(connection=flow.connection, number=number)
        services.save_rule(flow=flow, category=category, account=account, actor=actor)
    for (level, tag), (dimension, name) in VALUE_OF.items():
        value = Value.objects.get(
            dimension__connection=flow.connection, dimension__name=dimension, name=name
        )
        services.save_rule(
            flow=flow, tag_level=level, tag=tag, values={dimension: value}, actor=actor
        )
    return len(ACCOUNT_OF) + len(VALUE_OF)
