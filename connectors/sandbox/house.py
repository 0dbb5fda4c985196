"""The sandbox as a whole: routes requests to vendors, plays faults, answers control, keeps the
state file.
"""

import hashlib
import os
import sys
import threading
import time
import traceback
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from .chassis import ControlError, Delivery, Fault, Vendor
from .clock import Clock, iso
from .faults import KINDS
from .wire import Request, Response, freeze, from_json, thaw

SAVE_EVERY_S = 1.0
TWO_THIRDS = Decimal(2) / 3
VERBS = """GET    /_control                              this page
POST   /_control/clock                        {advance_s}
POST   /_control/reset
POST   /_control/{vendor}/reset
GET    /_control/{vendor}/documents           ?company= &kind= &status= &number=
POST   /_control/{vendor}/documents           plants one
POST   /_control/{vendor}/documents/{id}      {action, fields, as_user}
GET    /_control/{vendor}/requests            DELETE empties
POST   /_control/{vendor}/faults              {kind, match, times, rate, seed, delay_s,
                                              retry_after_s, status, body}; GET lists, DELETE clears
POST   /_control/{vendor}/settings            {name: setting}; GET lists them with their reasons
POST   /_control/{vendor}/chart
POST   /_control/{vendor}/period_lock
POST   /_control/{vendor}/tokens
POST   /_control/{vendor}/subscriptions
POST   /_control/{vendor}/deliver             {action: send|hold|release|replay|mutate, id, body}
GET    /_control/{vendor}/deliveries
"""


class House:
    """Vendors by name, one clock, and optionally a state file that survives a restart."""

    def __init__(self, vendors: list[Vendor], clock: Clock, state_path: Path | None = None) -> None:
        self.vendors = {vendor.name: vendor for vendor in vendors}
        self.clock = clock
        self.state_path = state_path
        self.url = ""
        self._changed = threading.Event()
        self._saving = threading.Lock()
        if state_path is not None and state_path.exists():
            self._load(state_path)

    # -- routing ---------------------------------------------------------------------------------
    def answer(self, request: Request) -> Response | None:
        """The answer to any request, or None to reset the connection."""
        head, _, rest = request.path.lstrip("/").partition("/")
        try:
            if head == "_control":
                return self._control(request, rest)
            vendor = self.vendors.get(head)
            if vendor is None:
                names = ", ".join(self.vendors)
                return Response.text(
                    f"no vendor {head!r} in this sandbox; there are {names}\n", 404
                )
            host = request.headers.get("host")
            request.base_url = (f"http://{host}" if host else self.url) + f"/{head}"
            request.path = "/" + rest
            return self._vendor_answer(vendor, request)
        except Exception:
            traceback.print_exc()
            trace = traceback.format_exc()
            return Response.text(f"the sandbox itself failed:\n{trace}", 500)
        finally:
            self._changed.set()

    def _vendor_answer(self, vendor: Vendor, request: Request) -> Response | None:
        with vendor.lock:
            vendor.store_late()
            fault = vendor.faults.take(request, lambda one: vendor.fault_applies(one, request))
            at = iso(vendor.clock.now())
            response = played(vendor, request, fault)
            vendor.requests.append(logged(vendor, request, response, fault, at))
            pause = vendor.settings["latency_ms"] / 1000
        if fault is not None and fault.kind != "late_store":
            pause += fault.delay_s
        if pause:
            time.sleep(pause)
        return response

    # -- control ---------------------------------------------------------------------------------
    def _control(self, request: Request, rest: str) -> Response:
        try:
            answer = self._controlled(request, rest.strip("/"))
        except ControlError as wrong:
            return Response.json({"error": str(wrong)}, wrong.status)
        return answer if isinstance(answer, Response) else Response.json(answer)

    def _controlled(self, request: Request, rest: str) -> Any:
        if not rest:
            return Response.text(self._front_page())
        body = _body(request)
        if rest == "clock":
            return self._clock(request, body)
        if rest == "reset" and request.method == "POST":
            self.clock.offset_s = 0.0  # first: the seed is stamped with the time it finds
            for vendor in self.vendors.values():
                with vendor.lock:
                    vendor.reset_all()
            return {"reset": list(self.vendors)}
        name, _, verb = rest.partition("/")
        vendor = self.vendors.get(name)
        if vendor is None:
            raise ControlError(404, f"no vendor {name!r}; there are {', '.join(self.vendors)}")
        with vendor.lock:
            vendor.store_late()
            answer = controlled(vendor, request, verb, body)
        if verb == "deliver":
            return self._send(vendor, answer)
        return answer

    def _front_page(self) -> str:
        names = "\n".join(f"  /{name}/" for name in self.vendors)
        own = "".join(
            f"\nOnly {vendor.name}\n{_listed(vendor)}"
            for vendor in self.vendors.values()
            if vendor.own_verbs
        )
        return f"Vendors\n{names}\n\nControl\n{VERBS}{own}"

    def _clock(self, request: Request, body: Any) -> Any:
        if request.method == "POST":
            try:
                self.clock.advance(float(body["advance_s"]))
            except (KeyError, TypeError, ValueError) as wrong:
                raise ControlError(400, f'clock takes {{"advance_s": seconds}}: {wrong}') from None
            for vendor in self.vendors.values():
                with vendor.lock:
                    vendor.store_late()
        return {"now": iso(self.clock.now()), "offset_s": round(self.clock.offset_s)}

    def _send(self, vendor: Vendor, deliveries: list[Delivery]) -> Any:
        for (
            delivery
        ) in deliveries:  # without the lock: the receiver may call back before it answers
            delivery.send(iso(vendor.clock.now()))
        return [
            {"id": one.id, "url": one.url, "body": one.body, "attempts": one.attempts}
            for one in deliveries
        ]

    # -- state -----------------------------------------------------------------------------------
    def keep_saving(self, stopping: threading.Event) -> None:
        """Write the state file after changes, at most once a second, until told to stop."""
        while not stopping.is_set():
            self._changed.wait(SAVE_EVERY_S)
            if self._changed.is_set():
                self.save()
            stopping.wait(SAVE_EVERY_S)

    def save(self) -> None:
        """Write the state file now, whole or not at all."""
        if self.state_path is None:
            return
        with self._saving:
            self._changed.clear()
            kept: dict[str, Any] = {"offset_s": self.clock.offset_s, "vendors": {}}
            for name, vendor in self.vendors.items():
                with vendor.lock:
                    kept["vendors"][name] = thaw(freeze(vendor.dump_all()))
            fresh = self.state_path.with_name(self.state_path.name + ".new")
            fresh.write_text(freeze(kept), encoding="utf-8")
            os.replace(fresh, self.state_path)

    def _load(self, path: Path) -> None:
        try:
            kept = thaw(path.read_text(encoding="utf-8"))
            self.clock.offset_s = kept["offset_s"]
            for name, state in kept["vendors"].items():
                if name in self.vendors:
                    self.vendors[name].load_all(state)
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            sys.exit(f"sandbox: {path} is not a state file of this version ({wrong}); delete it")


def _listed(vendor: Vendor) -> str:
    return "".join(
        f"{method:<7}{f'/_control/{vendor.name}/{path}' if path else '':<50} {what}\n"
        for method, path, what in vendor.own_verbs
    )


def _body(request: Request) -> Any:
    if not request.body:
        return {}
    try:
        return from_json(request.body)
    except ValueError as wrong:
        raise ControlError(400, f"the body is not JSON: {wrong}") from None


def played(vendor: Vendor, request: Request, fault: Fault | None) -> Response | None:
    """The vendor's answer, or what the fault makes of it; None resets the connection."""
    kind = fault.kind if fault else None
    if fault is None or kind == "slow":
        return vendor.answer(request)
    if kind == "reset_before_store":
        return None
    if kind == "late_store":
        vendor.late.append((vendor.clock.time() + fault.delay_s, request))
        vendor.late.sort(key=lambda one: one[0])
        return None
    if kind in ("drop_after_store", "drop_token_answer"):
        _unseen(vendor, request)
        return None
    if kind == "garbled":
        cut = vendor.answer(request).until(TWO_THIRDS)
        cut.status = fault.status or 200
        return fault.ordered_answer() or cut
    if kind == "error_after_store":
        _unseen(vendor, request)
    elif kind == "conflict":
        vendor.conflict(fault, request)
        return vendor.answer(request)
    elif kind == "partial_batch":
        request.fault = fault
        return vendor.answer(request)
    return fault.ordered_answer() or vendor.fault_response(fault, request)


def _unseen(vendor: Vendor, request: Request) -> None:
    """Let the vendor answer, but nobody hears it: the log alone has its status."""
    answer = vendor.answer(request)
    request.log["unseen_status"] = answer.status
    answer.close()


def logged(
    vendor: Vendor, request: Request, response: Response | None, fault: Fault | None, at: str
) -> dict[str, Any]:
    """One line of the request log; status None means that the caller saw no answer."""
    return {
        "at": at,
        "method": request.method,
        "path": request.path,
        "query": request.raw_query,
        "status": response.status if response else None,
        "request_id": vendor.request_id(request),
        "fault": fault.kind if fault else None,
        "sha256": hashlib.sha256(request.body).hexdigest() if request.body else "",
        **request.log,
    }


def controlled(vendor: Vendor, request: Request, verb: str, body: Any) -> Any:
    """One control verb of one vendor."""
    method = request.method
    name, _, id = verb.partition("/")
    if method == "POST" and not isinstance(body, dict) and name != "reports":
        raise ControlError(400, f"{name} takes a JSON object")
    match (method, name, bool(id)):
        case ("GET", "documents", False):
            return _filtered(vendor.documents(), request.raw_query)
        case ("POST", "documents", False):
            return vendor.plant(body)
        case ("POST", "documents", True):
            return vendor.act(id, body)
        case ("GET", "requests", False):
            return list(vendor.requests)
        case ("DELETE", "requests", False):
            vendor.requests.clear()
            return {"requests": 0}
        case (_, "faults", False):
            return _faults(vendor, method, body)
        case ("GET", "settings", False):
            return {
                each: {"now": vendor.settings[each], "default": switch.default, "why": switch.why}
                for each, switch in sorted(vendor.all_switches.items())
            }
        case ("POST", "settings", False):
            return vendor.change_settings(body)
        case ("POST", "chart" | "period_lock" | "tokens" | "subscriptions" | "deliver", False):
            return getattr(vendor, name)(body)
        case ("GET", "deliveries", False):
            return vendor.deliveries()
        case ("POST", "reset", False):
            vendor.reset_all()
            return {"reset": [vendor.name]}
    return vendor.control(method, verb, body)


def _filtered(documents: list[dict[str, Any]], raw_query: str) -> list[dict[str, Any]]:
    wanted = dict(parse_qsl(raw_query))
    return [one for one in documents if all(str(one.get(n)) == text for n, text in wanted.items())]


def _faults(vendor: Vendor, method: str, body: dict[str, Any]) -> Any:
    if method == "DELETE":
        vendor.faults.clear()
    elif method == "POST":
        try:
            return {"id": vendor.faults.add(body).id, "kind": body["kind"]}
        except (ValueError, TypeError) as wrong:
            raise ControlError(400, f"fault: {wrong}") from None
    elif method != "GET":
        raise ControlError(405, "faults takes GET, POST and DELETE")
    return {"faults": _printable(vendor.faults.dump()), "kinds": KINDS}


def _printable(orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # answers carry no floats
    return [{n: str(v) if isinstance(v, float) else v for n, v in one.items()} for one in orders]
