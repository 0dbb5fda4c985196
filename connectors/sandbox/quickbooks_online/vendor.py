"""The simulator as the chassis sees it: routes, gates, faults in the vendor's shapes, state."""

import base64
import uuid
from typing import Any

from ..chassis import ControlError, Delivery, Fault, Outbox, Request, Response, Vendor
from ..clock import Clock
from . import api, desk, gates, oauth, planting, reports
from .change import ordered_stages
from .companies import seeded
from .company import PACIFIC, Company
from .errors import Gate, Refusal
from .hooks import Hooks
from .switches import SWITCHES

READ_SEGMENTS = ("query", "cdc")


class QuickBooksOnline(Vendor):
    """Companies by realm id, one app, its tokens, throttles and webhook subscriptions."""

    name = "quickbooks_online"
    switches = SWITCHES
    own_verbs = (
        ("GET", "companies", "realm, name, currency, preferences and rates of each"),
        ("POST", "companies", "{realm, name, country, currency}: one more"),
        (
            "POST",
            "companies/{realm}",
            "preferences by name ({multicurrency: true}), {rates: {...}}",
        ),
        ("GET", "trial_balance", "the first company's balances by account"),
        ("GET", "trial_balance/{realm}", "by account, class, department, customer, tax, currency"),
        ("GET", "meter", "reads counted this month"),
    )

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        super().__init__(clock, seed)
        self.reset()

    def reset(self) -> None:
        self.companies: dict[str, Company] = seeded(self.clock)
        self.tokens_held = oauth.Tokens(self.clock, self.seed, self.settings)
        self.throttles = gates.Throttles(self.settings)
        self.hooks = Hooks(Outbox())

    # -- answering -------------------------------------------------------------------------------
    def answer(self, request: Request) -> Response:
        realm = _realm(request)
        try:
            response = self._answer(request, realm)
        except Gate as gate:
            response = gate.response
        except Refusal as refusal:
            response = refusal.response(self.answered_at(realm))
        response.headers["intuit_tid"] = request.log["intuit_tid"] = str(uuid.uuid4())
        return response

    def _answer(self, request: Request, realm: str) -> Response:
        path = request.path.rstrip("/")
        if path == oauth.AUTHORIZE:
            names = {one.realm: one.name for one in self.companies.values()}
            return oauth.authorize(self.tokens_held, request, names)
        if path in oauth.DISCOVERY:
            return oauth.discovery(request)
        if path in (oauth.TOKEN, oauth.REVOKE):
            if request.method != "POST":
                return oauth.oauth(405, "invalid_request", "POST only")
            grant = oauth.token if path == oauth.TOKEN else oauth.revoke
            return grant(self.tokens_held, request)
        if path.startswith("/files/"):
            return self._file(path, request)
        if not realm:
            return Response.html(f"<h1>404</h1><p>nothing at {path}</p>", 404)
        return self._company_answer(request, realm)

    def _company_answer(self, request: Request, realm: str) -> Response:
        for gate in ordered_stages(self.settings["check_order"])[0]:
            if gate == "auth":
                gates.authenticate(self, request, realm)
            elif gate == "throttle":
                gates.throttle(self, request, realm)
            elif realm in self.companies:
                gates.replay(self, request, self.companies[realm])
        company = self.companies[realm]
        rest = [part for part in request.path.split("/")[4:] if part]
        try:
            self._open_for_business()
            response = api.answer(api.Call(company, self.settings, request, rest))
        except Refusal as refusal:
            response = refusal.response(company.answered_at())
        gates.remember(self, request, company, response)
        return response

    def _open_for_business(self) -> None:
        state = self.settings["company_status"]
        if state == "expired":
            text = "Invalid Company Status : the subscription has ended or the trial is over."
            raise Refusal("6190", text, status=self.settings["expired_status"])
        if state == "reset":
            raise Refusal("10200", "Company reset : read everything anew.", kind="SystemFault")
        codes = {"wrong_cluster": "130", "locked": "140", "maintenance": "150"}
        if state in codes:
            raise Refusal(codes[state], "Try again later.", kind="SystemFault")

    def _file(self, path: str, request: Request) -> Response:
        _, _, realm, id = (*path.split("/"), "", "")[:4]
        company = self.companies.get(realm)
        until = request.query.get("until", "")
        if company is None or id not in company.files or not until.isdigit():
            return Response.html("<h1>404</h1>", 404)
        if int(until) <= self.clock.time():
            return Response.text("<Error><Code>AccessDenied</Code></Error>", 403, "application/xml")
        about = company.table("Attachable")[id]
        return Response(
            200, base64.b64decode(company.files[id]), {"Content-Type": about["ContentType"]}
        )

    def epoch_ms(self) -> int:
        return int(self.clock.time() * 1000)

    def answered_at(self, realm: str) -> str:
        """The `time` of an answer; also where there is no such company."""
        company = self.companies.get(realm)
        now = self.clock.now().astimezone(PACIFIC)
        return company.answered_at() if company else now.isoformat(timespec="milliseconds")

    # -- faults ----------------------------------------------------------------------------------
    def is_token_request(self, request: Request) -> bool:
        return request.path.rstrip("/") == oauth.TOKEN

    def is_write(self, request: Request) -> bool:
        segments = request.path.rstrip("/").split("/")
        is_api = request.path.startswith("/v3/company/")
        return is_api and request.method == "POST" and segments[-1] not in READ_SEGMENTS

    def is_batch(self, request: Request) -> bool:
        return request.path.rstrip("/").endswith("/batch")

    def fault_applies(self, fault: Fault, request: Request) -> bool:
        if fault.kind in ("refuse", "error_in_200") and fault.match is None:
            return self.is_write(request)
        if fault.kind in ("unauthorized", "throttle") and fault.match is None:
            return bool(_realm(request))
        return super().fault_applies(fault, request)

    def request_id(self, request: Request) -> str:
        return request.query.get("requestid", "")

    def fault_response(self, fault: Fault, request: Request) -> Response:
        answer = self._fault_answer(fault, request)
        answer.headers["intuit_tid"] = str(uuid.uuid4())
        return answer

    def _fault_answer(self, fault: Fault, request: Request) -> Response:
        time = self.answered_at(_realm(request))
        match fault.kind:
            case "throttle":
                answer = gates.throttled(self, fault.retry_after_s)
            case "unauthorized":
                answer = gates.unauthorized(self, "Token expired")
            case "unavailable":
                answer = Response.html(
                    "<html><body><h1>503 Service Unavailable</h1></body></html>", 503
                )
            case "refuse":
                text = "Business Validation Error: Refused by order of the sandbox."
                answer = Refusal("6000", text).response(time)
            case "error_in_200":
                text = "Business Validation Error: Refused by order of the sandbox."
                answer = Refusal("6000", text, status=200).response(time)
            case _:
                text = "System Failure Error: java.lang.NullPointerException"
                answer = Refusal("10000", text, kind="SystemFault", status=500).response(time)
        if fault.status is not None:
            answer.status = fault.status
        if fault.retry_after_s is not None:
            answer.headers["Retry-After"] = f"{fault.retry_after_s:g}"
        return answer

    def conflict(self, fault: Fault, request: Request) -> None:
        """Another user saves every document that this request updates or deletes, just before it.
        The fault's `body`, JSON, holds the properties that user changes."""
        company = self.companies.get(_realm(request))
        if company is not None:
            desk.conflict(self, company, fault, request)

    # -- control ---------------------------------------------------------------------------------
    def change_settings(self, body: dict[str, Any]) -> dict[str, Any]:
        if isinstance(body.get("check_order"), str):
            try:
                ordered_stages(body["check_order"])
            except ValueError as wrong:
                raise ControlError(400, str(wrong)) from None
        return super().change_settings(body)

    def reset_settings(self) -> None:
        defaults = {name: switch.default for name, switch in self.all_switches.items()}
        self.settings.clear()  # the same dict: tokens and throttles hold on to it
        self.settings.update(defaults)

    def documents(self) -> list[dict[str, Any]]:
        return [one for company in self.companies.values() for one in reports.documents(company)]

    def plant(self, body: dict[str, Any]) -> Any:
        return planting.plant(self, body)

    def act(self, id: str, body: dict[str, Any]) -> Any:
        return desk.act(self, id, body)

    def chart(self, body: dict[str, Any]) -> Any:
        return desk.chart(self, body)

    def period_lock(self, body: dict[str, Any]) -> Any:
        return desk.period_lock(self, body)

    def tokens(self, body: dict[str, Any]) -> Any:
        return self.tokens_held.mint(planting.company_of(self, body).realm)

    def subscriptions(self, body: dict[str, Any]) -> Any:
        return self.hooks.subscribe(body)

    def deliver(self, body: dict[str, Any]) -> list[Delivery]:
        return self.hooks.deliver(body, list(self.companies.values()))

    def deliveries(self) -> list[dict[str, Any]]:
        return self.hooks.outbox.listed()

    def control(self, method: str, rest: str, body: Any) -> Any:
        return desk.other_verbs(self, method, rest, body)

    # -- state -----------------------------------------------------------------------------------
    def dump(self) -> dict[str, Any]:
        return {
            "companies": [company.dump() for company in self.companies.values()],
            "tokens": self.tokens_held.dump(),
            "reads": self.throttles.reads,
            "hooks": self.hooks.dump(),
        }

    def load(self, state: dict[str, Any]) -> None:
        loaded = [Company.load(self.clock, kept) for kept in state["companies"]]
        self.companies = {company.realm: company for company in loaded}
        self.tokens_held.load(state["tokens"])
        self.throttles.reads = state["reads"]
        self.hooks.load(state["hooks"])


def _realm(request: Request) -> str:
    """The company that a path names, "" outside the API."""
    parts = request.path.split("/")
    return parts[3] if len(parts) > 3 and parts[1:3] == ["v3", "company"] else ""
