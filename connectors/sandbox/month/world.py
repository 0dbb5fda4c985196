"""The made-up firm: its people, workspaces, coding lists, cards and the shops it buys from."""

from dataclasses import dataclass
from typing import Any

US = "0810E551A5F2A9C2"  # workspace Acme US
EUROPE = "4C6722D4BD2BD941"  # workspace Acme Europe
UK = "7B1E5C90D2A4F368"  # workspace Acme UK
FIELD = "19AF6D3382C07BE4"  # workspace Acme Field: more of the American company, kept apart
DOMAIN = "acme.example"
WORKSPACES = {
    US: ("Acme US", "USD"),
    EUROPE: ("Acme Europe", "EUR"),
    UK: ("Acme UK", "GBP"),
    FIELD: ("Acme Field", "USD"),
}


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


US_PEOPLE = {
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
PEOPLE = US_PEOPLE | {
    person.login: person
    for person in (
        # Acme Field
        Person("lena.moss", "Lena", "Moss", "E13", 11870802),  # two vendors with her address
        Person("marco.ricci", "Marco", "Ricci", "E14", 11870839),
        Person("noor.aziz", "Noor", "Aziz", "E15", 11870874),
        # Acme UK
        Person("oliver.grant", "Oliver", "Grant", "E21", 11871105),
        Person("priya.shah", "Priya", "Shah", "E22", 11871143),
        Person("sam.cole", "Sam", "Cole", "E23", 11871187),  # two vendors with his address
        Person("nia.rhys", "Nia", "Rhys", "E24", 11871219),  # no vendor
        # Acme Europe
        Person("beat.keller", "Beat", "Keller", "E31", 11871402),
        Person("paula.costa", "Paula", "Costa", "E32", 11871446),
    )
}
WORKERS = {
    EUROPE: ("emma.larsen", "hugo.silva", "paula.costa", "beat.keller"),
    UK: ("oliver.grant", "priya.shah", "sam.cole", "nia.rhys"),
    FIELD: ("lena.moss", "marco.ricci", "noor.aziz"),
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
# categories that only the newer workspaces have
PRIVATE_CATEGORIES = {"Cash Advance": "1320", "Personal": "1320", "Consulting Time": "5100"}
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
UK_LEVELS = {
    "Department": {"Consulting": "210", "Sales": "220", "Operations": "230"},
    "Office": {"London": "50", "Leeds": "51"},
}

CARD_BANK = "vcf"


@dataclass(frozen=True)
class Card:
    """A company card: four digits, its holder, the feed it comes by."""

    digits: str
    login: str
    name: str
    bank: str = CARD_BANK
    first_six: str = "4123"
    last_import: str = "2026-11-01 02:00:11"

    @property
    def number(self) -> str:
        return f"{self.first_six}XXXXXXXX{self.digits}"

    @property
    def fields(self) -> dict[str, str]:
        """What an expense shows of it."""
        return {"bank": self.bank, "cardName": self.name, "cardNumber": self.number}


CARDS = {person.card: person for person in PEOPLE.values() if person.card}
FEEDS = {
    card.digits: card
    for card in (
        *(
            Card(digits, person.login, f"Acme Visa {person.first}")
            for digits, person in CARDS.items()
        ),
        Card("5510", "marco.ricci", "Acme Visa Marco"),
        Card("5528", "noor.aziz", "Acme Amex Noor", "oauth.americanexpressfdx.com", "3782"),
        Card("5544", "noor.aziz", "Acme Visa Noor"),
        Card("5536", "lena.moss", "Acme Visa Lena"),
        Card("6613", "oliver.grant", "Acme UK Visa Oliver"),
        Card("6639", "oliver.grant", "Acme UK Amex Oliver", "oauth.americanexpressfdx.com", "3742"),
        Card("6621", "priya.shah", "Acme UK Mastercard Priya", "plaid.ins_118274", "5412"),
        Card("7718", "emma.larsen", "Acme EU Visa Emma"),
        Card("7726", "paula.costa", "Acme Amex USD Paula", "oauth.americanexpressfdx.com", "3782"),
    )
}

# code -> (name of the rate, percent); Expensify's ids of tax rates look like these
UK_TAX = {
    "id_TAX_OPTION_20": ("Standard", 20),
    "id_TAX_OPTION_5": ("Reduced", 5),
    "id_TAX_OPTION_0": ("Zero rated", 0),
    "id_TAX_EXEMPT": ("Exempt", 0),
}
EUROPE_TAX = {
    "id_TAX_STANDARD": ("Standard", 19),
    "id_TAX_REDUCED": ("Reduced", 7),
    "id_TAX_EXEMPT": ("Exempt", 0),
}


def card_list() -> list[dict[str, Any]]:
    """The rows of domainCardList."""
    return [
        {
            "bank": card.bank,
            "cardID": int(digits),
            "cardName": card.name,
            "cardNumber": card.number,
            "email": PEOPLE[card.login].email,
            "externalEmployeeID": PEOPLE[card.login].number,
            "created": "2026-01-02 03:04:05",
            "lastImport": card.last_import,
            "lastImportResult": 200,
            "reimbursable": False,
            "scrapeMinDate": "",
        }
        for digits, card in FEEDS.items()
    ]


def policies() -> dict[str, dict[str, Any]]:
    """All workspaces as an admin sees them; cents in `maxExpenseAmount`."""
    title = {"values": [], "name": "title", "type": "formula"}
    return {
        US: _policy(US, "corporate")
        | {
            "levels": [{"name": level, "tags": _tags(tags)} for level, tags in TAG_LEVELS.items()],
            "reportFields": [
                title,
                {"values": ["Ops", "Eng", "Sales"], "name": "Cost Center", "type": "dropdown"},
            ],
            "employees": _employees(US_PEOPLE.values()),
        },
        EUROPE: _policy(EUROPE, "team")
        | {
            "levels": [{"name": "Office", "tags": _tags(EUROPE_TAGS)}],
            "flat": True,
            "reportFields": [title],
            "tax": _tax("VAT", "id_TAX_STANDARD", EUROPE_TAX),
        },
        UK: _policy(UK, "corporate", PRIVATE_CATEGORIES)
        | {
            "levels": [{"name": level, "tags": _tags(tags)} for level, tags in UK_LEVELS.items()],
            "reportFields": [title],
            "tax": _tax("VAT", "id_TAX_OPTION_20", UK_TAX),
        },
        FIELD: _policy(FIELD, "corporate", PRIVATE_CATEGORIES)
        | {
            "levels": [{"name": level, "tags": _tags(tags)} for level, tags in TAG_LEVELS.items()],
            "reportFields": [title],
        },
    }


def _policy(id: str, kind: str, more: dict[str, str] | None = None) -> dict[str, Any]:
    name, currency = WORKSPACES[id]
    people = ("ann.reyes", "cfo", *WORKERS.get(id, ()))
    return {
        "name": name,
        "outputCurrency": currency,
        "owner": ADMIN.email,
        "type": kind,
        "categories": _categories(CATEGORIES | (more or {})),
        "levels": [],
        "flat": False,
        "reportFields": [],
        "tax": {},
        "employees": _employees(PEOPLE[login] for login in people),
    }


def _tax(name: str, usual: str, rates: dict[str, tuple[str, int]]) -> dict[str, Any]:
    rows = [{"rate": rate, "name": label, "rateID": id} for id, (label, rate) in rates.items()]
    return {"default": usual, "name": name, "rates": rows}


def _categories(codes: dict[str, str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name, code in codes.items():
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
