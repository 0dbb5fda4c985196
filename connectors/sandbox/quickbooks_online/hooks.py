"""Webhooks of QuickBooks Online: CloudEvents or the legacy body, signed with the verifier token."""

import base64
import hashlib
import hmac
import uuid
from typing import Any
from urllib.parse import urlsplit

from ..chassis import ControlError, Delivery, Outbox, to_json
from .company import Company

ENTITIES = (
    "Account", "Bill", "BillPayment", "Class", "Customer", "Department", "Employee", "JournalEntry",
    "Preferences", "Purchase", "Term", "Vendor", "VendorCredit",
)  # fmt: skip
OPERATIONS = {"created": "Create", "updated": "Update", "deleted": "Delete", "voided": "Void"}


class Hooks:
    """Subscriptions `{url, verifier_token, entities, format}` and the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.subscribed: list[dict[str, Any]] = []

    def subscribe(self, body: dict[str, Any]) -> dict[str, Any]:
        """`{url, verifier_token?, entities?, format?: cloudevents|legacy}`; `{"url": null}` drops
        all.
        """
        url = body.get("url")
        if url is None:
            self.subscribed.clear()
            return {"subscriptions": []}
        if urlsplit(str(url)).scheme not in ("http", "https"):
            raise ControlError(400, "url is where the webhooks go, http or https")
        strange = sorted(set(body.get("entities") or []) - set(ENTITIES))
        if strange:
            raise ControlError(
                400, f"no webhooks for {', '.join(strange)}; there are {', '.join(ENTITIES)}"
            )
        if body.get("format", "cloudevents") not in ("cloudevents", "legacy"):
            raise ControlError(400, "format is cloudevents or legacy")
        one = {
            "url": url,
            "verifier_token": body.get("verifier_token") or str(uuid.uuid4()),
            "entities": body.get("entities") or list(ENTITIES),
            "format": body.get("format", "cloudevents"),
        }
        self.subscribed = [each for each in self.subscribed if each["url"] != url] + [one]
        return one

    def deliver(self, body: dict[str, Any], companies: list[Company]) -> list[Delivery]:
        return self.outbox.act(body, lambda: self._made(companies), ControlError)

    def _made(self, companies: list[Company]) -> list[Delivery]:
        """One delivery per subscription with all that happened; it may carry several companies."""
        happened = [(company.realm, event) for company in companies for event in company.events]
        for company in companies:
            company.events.clear()
        made = []
        for one in self.subscribed:
            mine = [each for each in happened if each[1]["entity"] in one["entities"]]
            if mine:
                text = to_json(BODIES[one["format"]](mine)).decode()
                made.append(self._delivery(one, text, mine[-1][1]["time"]))
        return made

    def _delivery(self, one: dict[str, Any], text: str, at: str) -> Delivery:
        headers = {
            "Content-Type": "application/json",
            "intuit-signature": signature(text.encode(), one["verifier_token"]),
            "intuit-t-id": str(uuid.uuid4()),
            "User-Agent": "Intuit-Notifications (sandbox)",
        }
        return Delivery(self.outbox.next_id(), one["url"], headers, text, at)

    def dump(self) -> dict[str, Any]:
        return {"outbox": self.outbox.dump(), "subscribed": self.subscribed}

    def load(self, kept: dict[str, Any]) -> None:
        self.outbox.load(kept["outbox"])
        self.subscribed = kept["subscribed"]


def signature(body: bytes, verifier_token: str) -> str:
    """For the header intuit-signature."""
    return base64.b64encode(
        hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()
    ).decode()


def _cloud_events(happened: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [
        {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": "intuit." + base64.b64encode(f"sandbox {realm}".encode()).decode(),
            "type": f"qbo.{event['entity'].lower()}.{event['what']}.v1",
            "datacontenttype": "application/json",
            "time": event["time"],
            "intuitentityid": event["id"],
            "intuitaccountid": realm,
            "data": {},
        }
        for realm, event in happened
    ]


def _legacy(happened: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    companies: dict[str, list[dict[str, Any]]] = {}
    for realm, event in happened:
        companies.setdefault(realm, []).append(
            {
                "name": event["entity"],
                "id": event["id"],
                "operation": OPERATIONS[event["what"]],
                "lastUpdated": event["time"],
            }
        )
    return {
        "eventNotifications": [
            {"realmId": realm, "dataChangeEvent": {"entities": entities}}
            for realm, entities in companies.items()
        ]
    }


BODIES = {"cloudevents": _cloud_events, "legacy": _legacy}
