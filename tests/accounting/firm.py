"""The made-up firm, as far as every row knows it: its companies, what their flows say unless a row
says otherwise, and the usual rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Firm:
    """One company, and the Expensify workspace that belongs to it.

    employee  whose reports they are unless a row says otherwise
    flow      columns of its flows unless a row says otherwise
    """

    workspace: str
    employee: str
    currency: str
    flow: Mapping[str, Any] = field(default_factory=dict)


FIRMS = {
    # Dollars, no tax on purchases, one currency.
    "US": Firm("0810E551A5F2A9C2", "Ben Ito", "USD", {"zone": "America/New_York"}),
    # Pounds, VAT, one currency.
    "UK": Firm(
        "7B1E5C90D2A4F368",
        "Oliver Grant",
        "GBP",
        {"zone": "Europe/London", "no_tax_code": "no VAT"},
    ),
    # Euros, German tax, payables in dollars, pounds and francs as well.
    "Europe": Firm(
        "4C6722D4BD2BD941",
        "Emma Larsen",
        "EUR",
        {"zone": "Europe/Berlin", "no_tax_code": "no VAT", "tax_policy": "cost"},
    ),
}

# Category -> account. "Team events" has none.
ACCOUNT_OF = {
    "Airfare": "6100 Airfare",
    "Lodging": "6110 Hotels",
    "Taxi": "6120 Ground Transport",
    "Meals": "6130 Meals and Entertainment",
    "Mileage": "6140 Mileage",
    "Per Diem": "6150 Per Diem",
    "Software": "6200 Software and Subscriptions",
    "Office Supplies": "6210 Office Supplies",
    "Client Costs": "5100 Client Project Costs",
}
# Tag on the first level -> class. "Legacy" has none.
CLASS_OF = {"Consulting": "Consulting", "Sales": "Sales", "Operations": "Operations"}
