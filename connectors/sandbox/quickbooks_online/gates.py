"""What stands before the application: bearer check, throttles, replay of known requestids."""

import hashlib
from typing import TYPE_CHECKING, Any

from ..chassis import Limit, Request, Response
from .company import Company
from .errors import Gate, Refusal, gateway, xml

if TYPE_CHECKING:
    from .vendor import QuickBooksOnline

SHORTEST_TOKEN = 20
MOST_REQUESTID = 50
MOST_REQUESTID_OF_BATCH = 36
REACHED = "The request limit was reached.  Try again later"


class Throttles:
    """The documented limits, as windows on the sandbox's clock."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.minute = Limit(0, 60)
        self.second = Limit(0, 1)
        self.batch_app = Limit(0, 60)
        self.batch_realm = Limit(0, 60)
        self.reads: dict[str, int] = {}  # month -> CorePlus calls

    def wait(self, realm: str, now: float, is_batch: bool, calls: int) -> float:
        """Seconds until the request would pass, 0.0 if it does; counted only when it does."""
        settings = self.settings
        windows = [
            (self.minute, settings["per_minute"], calls),
            (self.second, settings["per_second"], 1),
        ]
        if is_batch:
            windows.append((self.batch_app, settings["batch_per_minute"], 1))
            windows.append((self.batch_realm, settings["batch_per_minute_company"], 1))
        wait = 0.0
        for limit, most, count in windows:
            limit.most = most
            wait = max(wait, limit.wait(realm, now, count))
        if wait == 0.0:
            for limit, _, count in windows:
                limit.count(realm, now, count)
        return wait

    def meter(self, month: str, reads: int) -> bool:
        """Count reads; False when the month's allowance is used up."""
        used = self.reads.get(month, 0)
        most = self.settings["coreplus_per_month"]
        if reads and self.settings["limits"] and used + reads > most:
            return False
        self.reads[month] = used + reads
        return True

    def clear(self) -> None:
        for limit in (self.minute, self.second, self.batch_app, self.batch_realm):
            limit.clear()
        self.reads.clear()


def authenticate(vendor: "QuickBooksOnline", request: Request, realm: str) -> None:
    """Gate with 401 or 403 unless the bearer token is good for this company."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if not token.strip():
        raise Gate(
            unauthorized(
                vendor, "Empty field (oauth_token)", "3202", "ApplicationAuthenticationFailed"
            )
        )
    if kind.lower() != "bearer" or len(token) < SHORTEST_TOKEN:
        raise Gate(unauthorized(vendor, "Malformed bearer token: too short or too long"))
    facts = vendor.tokens_held.bearer(token.strip())
    if facts is None:
        raise Gate(unauthorized(vendor, "Token expired"))
    if facts["realm"] != realm or realm not in vendor.companies:
        detail = "AuthenticationErrorGeneral: SRV-110-Authentication Failure , statusCode: 401"
        time = vendor.answered_at(realm)
        raise Gate(
            xml(401, "AuthenticationFault", "100", "General Authentication Error", detail, time)
        )
    if vendor.settings["app_access"] != "ok":
        raise Gate(gateway(403, "AuthorizationFailed", "3100", None, "SERVICE", vendor.epoch_ms()))
    if vendor.settings["role"] != "admin":
        text = "-11014-You do not have access to use QuickBooks. Please contact your administrator."
        raise Refusal("120", text, kind="AuthorizationFault", status=401)


def unauthorized(
    vendor: "QuickBooksOnline",
    detail: str | None,
    code: str = "3200",
    name: str = "AuthenticationFailed",
) -> Response:
    return gateway(401, name, code, detail, "AUTHENTICATION", vendor.epoch_ms())


def throttled(vendor: "QuickBooksOnline", retry_after_s: float | None) -> Response:
    """429 in whichever of the two bodies is switched on."""
    status = vendor.settings["throttle_status"]
    message = f"message=ThrottleExceeded; errorCode=003001; statusCode={status}"
    if vendor.settings["throttle_body"] == "xml":
        answer = xml(status, "SERVICE", "3001", message, REACHED, vendor.answered_at(""))
    else:
        answer = gateway(status, "ThrottleExceeded", "3001", None, "SERVICE", vendor.epoch_ms())
    if retry_after_s is not None:
        answer.headers["Retry-After"] = f"{retry_after_s:g}"
    return answer


def throttle(vendor: "QuickBooksOnline", request: Request, realm: str) -> None:
    """Gate with 429 over the limits; a throttled request is not carried out."""
    segment = request.path.rpartition("/")[2]
    is_batch = segment == "batch"
    members = batch_members(request) if is_batch else []
    calls = 1
    if is_batch and vendor.settings["batch_items_count_as_calls"]:
        calls = max(1, len(members))
    if vendor.settings["limits"]:
        wait = vendor.throttles.wait(realm, vendor.clock.time(), is_batch, calls)
        if wait > 0:
            raise Gate(throttled(vendor, 60 if vendor.settings["retry_after_header"] else None))
    reads = sum("Query" in member for member in members)
    if request.method == "GET" or segment == "query":
        reads = 1
    if not vendor.throttles.meter(vendor.clock.now().strftime("%Y-%m"), reads):
        raise Gate(throttled(vendor, None))


def batch_members(request: Request) -> list[dict[str, Any]]:
    """The members of a batch body as far as it is one."""
    try:
        body = request.json()
    except ValueError:
        return []
    members = body.get("BatchItemRequest") if isinstance(body, dict) else None
    return [one for one in members if isinstance(one, dict)] if isinstance(members, list) else []


# -- requestid -------------------------------------------------------------------------------------
def replay_key(vendor: "QuickBooksOnline", request: Request) -> str | None:
    """None for requests that the key doesn't concern."""
    requestid = request.query.get("requestid")
    if not requestid or not vendor.is_write(request):
        return None
    return (
        f"{request.path} {requestid}" if vendor.settings["requestid_scope"] == "path" else requestid
    )


def replay(vendor: "QuickBooksOnline", request: Request, company: Company) -> None:
    """Gate with the first answer to this requestid, byte for byte, whatever the body is now."""
    requestid = request.query.get("requestid", "")
    most = MOST_REQUESTID_OF_BATCH if request.path.endswith("/batch") else MOST_REQUESTID
    if len(requestid) > most:
        raise Refusal(
            "2130",
            f"Invalid Request Id Format : at most {most} characters, supplied {len(requestid)}",
        )
    key = replay_key(vendor, request)
    if key is None:
        return
    if any(
        replay_key(vendor, late) == key and late.path == request.path for _, late in vendor.late
    ):
        raise Refusal(
            "600", "Duplicate Request ID : a request with this id is still being processed."
        )
    kept = company.replays.get(key)
    if kept is None:
        return
    if kept["at"] + vendor.settings["requestid_hours"] * 3600 <= vendor.clock.time():
        del company.replays[key]
        return
    if kept["sha256"] != hashlib.sha256(request.body).hexdigest():
        request.log["note"] = "requestid repeated with another body: a bug of the client"
    request.log["replayed"] = True
    raise Gate(Response(kept["status"], kept["body"].encode(), dict(kept["headers"])))


def remember(
    vendor: "QuickBooksOnline", request: Request, company: Company, answer: Response
) -> None:
    key = replay_key(vendor, request)
    if key is None or (answer.status != 200 and not vendor.settings["requestid_keeps_faults"]):
        return
    company.replays[key] = {
        "status": answer.status,
        "body": answer.body.decode(),
        "headers": dict(answer.headers),
        "sha256": hashlib.sha256(request.body).hexdigest(),
        "at": vendor.clock.time(),
    }
