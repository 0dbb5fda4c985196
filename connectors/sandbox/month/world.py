"""The made-up firm: its people, workspaces, coding lists, cards and the shops it buys from."""

from dataclasses import dataclass
from typing import Any

US = "0810E551A5F2A9C2"  # workspace Acme US
EUROPE = "4C6722D4BD2BD941"  # workspace Acme Europe
DOMAIN = "acme.example"
WORKSPACES = {US: ("Acme US", "USD"), EUROPE: ("Acme Europe", "EUR")}


@dataclass(frozen=True)
class Person:
    """Somebody with an Expensify account; `number` is the employee id (E01...)."""

    login: str
    first: str
    last: str
    number: str
    account: int
    role: str = "user"
    card: str = ""

    @property
    def email(self) -> str:
        return f"{self.login}@{DOMAIN}"

    @property
    def full(self) -> str:
        return f"{self.first} {self.last}"


PEOPLE = {
    person.login: person
    for person in (
        Person("ann.reyes", "Ann", "Reyes", "E01", 11870301, "admin"),
        Person("cfo", "Cy", "Fo", "E02", 11870302, "admin"),
        Person("ben.ito", "Ben", "Ito", "E03", 11870377, card="4411"),
        Person("chloe.martin", "Chloé", "Martin", "E04", 11870412),
        Person("dan.okafor", "Dan", "Okafor", "E05", 11870455, card="4429"),
        Person("emma.larsen", "Emma", "Larsen", "E06", 11870490),
        Person("farid.haddad", "Farid", "Haddad", "E07", 11870534),
        Person("grace.kim", "Grace", "Kim", "E08", 11870588, card="4437"),
        Person("hugo.silva", "Hugo", "Silva", "E09", 11870623),
        Person("ines.duarte", "Ines", "Duarte", "E10", 11870671),
        Person("jo.wei", "Jo", "Wei 魏", "E11", 11870718),
        Person("kira.novak", "Kira", "Novak", "E12", 11870766, card="4445"),
    )
}
APPROVER = PEOPLE["cfo"]
ADMIN = PEOPLE["ann.reyes"]

# name -> GL code; "" where nobody has given one
CATEGORIES = {
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
    "Team events": "",
    "Old Travel": "6290",
    "Other": "",
}
DISABLED_CATEGORIES = {"Other"}

# The levels of Acme US, first to last: name of the level -> {tag: GL code}
TAG_LEVELS = {
    "Department": {
        "Consulting": "210",
        "Sales": "220",
        "Operations": "230",
        "Engineering": "240",
        "Legacy": "290",
    },
    "Region": {"West": "10", "East": "20", "Berlin": "30"},
    "Client": {"Globex": "", "Initech": "", "Initech:Website": "", "Internal": ""},
}
# Acme Europe has one level only, which the policy getter prints in the flat shape.
EUROPE_TAGS = {"Berlin": "30", "Lisbon": "40", "Lisbon:Studio": "41"}

CARD_BANK = "vcf"
CARDS = {person.card: person for person in PEOPLE.values() if person.card}


def card_list() -> list[dict[str, Any]]:
    """The rows of domainCardList."""
    return [
        {
            "bank": CARD_BANK,
            "cardID": int(digits),
            "cardName": f"Acme Visa {person.first}",
            "cardNumber": f"4123XXXXXXXX{digits}",
            "email": person.email,
            "externalEmployeeID": person.number,
            "created": "2026-01-02 03:04:05",
            "lastImport": "2026-11-01 02:00:11",
            "lastImportResult": 200,
            "reimbursable": False,
            "scrapeMinDate": "",
        }
        for digits, person in CARDS.items()
    ]


def policies() -> dict[str, dict[str, Any]]:
    """Both workspaces as an admin sees them; cents in `maxExpenseAmount`."""
    return {
        US: {
            "name": "Acme US",
            "outputCurrency": "USD",
            "owner": ADMIN.email,
            "type": "corporate",
            "categories": _categories(),
            "levels": [{"name": level, "tags": _tags(tags)} for level, tags in TAG_LEVELS.items()],
            "flat": False,
            "reportFields": [
                {"values": [], "name": "title", "type": "formula"},
                {"values": ["Ops", "Eng", "Sales"], "name": "Cost Center", "type": "dropdown"},
            ],
            "tax": {},
            "employees": _employees(PEOPLE.values()),
        },
        EUROPE: {
            "name": "Acme Europe",
            "outputCurrency": "EUR",
            "owner": ADMIN.email,
            "type": "team",
            "categories": _categories(),
            "levels": [{"name": "Office", "tags": _tags(EUROPE_TAGS)}],
            "flat": True,
            "reportFields": [{"values": [], "name": "title", "type": "formula"}],
            "tax": {
                "default": "id_TAX_STANDARD",
                "name": "VAT",
                "rates": [
                    {"rate": 19, "name": "Standard", "rateID": "id_TAX_STANDARD"},
                    {"rate": 7, "name": "Reduced", "rateID": "id_TAX_REDUCED"},
                    {"rate": 0, "name": "Exempt", "rateID": "id_TAX_EXEMPT"},
                ],
            },
            "employees": _employees(
                PEOPLE[login] for login in ("ann.reyes", "cfo", "emma.larsen", "hugo.silva")
            ),
        },
    }


def _categories() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name, code in CATEGORIES.items():
        row: dict[str, Any] = {"name": name, "enabled": name not in DISABLED_CATEGORIES}
        if name not in DISABLED_CATEGORIES:
            # the optional fields are absent on some categories, as in the vendor's samples
            row |= {"glCode": code, "payrollCode": "", "areCommentsRequired": False}
        if name == "Meals & Entertainment":
            row |= {"commentHint": "Who was there?", "maxExpenseAmount": 25000}
        rows.append(row)
    return rows


def _tags(tags: dict[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "glCode": code, "enabled": True} for name, code in tags.items()]


def _employees(people: Any) -> list[dict[str, Any]]:
    return [
        {
            "email": person.email,
            "role": person.role,
            "submitsTo": (ADMIN if person is APPROVER else APPROVER).email,
            "employeeID": person.number,
            "customField1": person.number,
            "customField2": "",
        }
        for person in people
    ]


# category -> (merchants, smallest and largest usual amount in cents)
MERCHANTS: dict[str, tuple[tuple[str, ...], int, int]] = {
    "Airfare": (("Delta Air Lines", "United Airlines", "JetBlue", "Alaska Airlines"), 15900, 68400),
    "Lodging": (("Marriott Marquis", "Hilton Garden Inn", "Hyatt Place", "citizenM"), 14900, 42900),
    "Taxi & Rideshare": (("Uber", "Lyft", "NYC Taxi", "Curb"), 980, 7450),
    "Meals & Entertainment": (
        ("Sweetgreen", "Shake Shack", "Blue Bottle Coffee", "Katz's Delicatessen"),
        640,
        14800,
    ),
    "Software": (("GitHub", "Figma", "Zoom", "Atlassian"), 1200, 24000),
    "Office Supplies": (("Staples", "Office Depot", "Muji"), 780, 12900),
    "Phone & Internet": (("Verizon", "T-Mobile", "Gogo Inflight"), 800, 9900),
    "Conferences": (("Eventbrite", "KubeCon", "SaaStr"), 9900, 89900),
    "Postage": (("USPS", "FedEx Office", "UPS Store"), 475, 6200),
    "Client Gifts": (("Harry & David", "Levain Bakery"), 2500, 9800),
    "Bank Fees": (("Wire fee", "Foreign transaction fee"), 150, 3500),
    "Client Costs": (("Iron Mountain", "Kinko's Print", "LexisNexis"), 2400, 51000),
}
