"""Expensify's Integration Server: one URL, one form field, jobs told apart by `type`."""

import hashlib
import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

from ..chassis import Clock, ControlError, Fault, Limit, Request, Response, Vendor
from ..month import SEED, Volume, case_report, edits, everything, story, unreported
from ..month.world import ADMIN
from . import exporter, reconciliation
from .answers import (
    PLAIN,
    RATE_LIMITED,
    Envelopes,
    JobRefused,
    bad_json_page,
    malformed_type,
    missing,
    tomcat_page,
)
from .documents import document
from .edits import change
from .files import Files
from .intake import completed
from .receipts import PATH as RECEIPTS
from .receipts import Receipts
from .store import Reports
from .switches import SWITCHES, check_zone
from .workspaces import Workspaces

URL_PATH = "/Integration-Server/ExpensifyIntegrations"
FORM = "application/x-www-form-urlencoded"
ADDED_FROM = 2 * 10**15  # numbers of reports that come in through control
JOBS = ("file", "download", "get", "reconciliation", "update", "create")
GETTERS = ("policyList", "policy", "domainCardList")


class Expensify(Vendor):
    """The simulator. Reads are answered; whatever would write is kept in `writes` for tests to see.

    Control beyond the common verbs:

        GET  story                   case -> report id of the seeded month
        GET  edits                   what time brings: name -> a body for `reports` ({"revise": ...,
                                     "unapprove": ..., ...}), or a list of bodies
        GET  reports, reports/{id}   as stored (generated ones by id only)
        POST reports                 a report, {"reports": [...]}, {"generate": {reports, lines,
                                     seed, ...}}, an edit {"action", "reportID", ...}, or a list
        GET  writes                  every job and onFinish action that would have changed something
        POST tokens                  {email?, rotate?} -> {partnerUserID, partnerUserSecret}
        POST chart                   see Workspaces.chart
    """

    name = "expensify"
    switches = SWITCHES
    own_verbs = (
        ("GET", "story", "case -> report id of the seeded months"),
        ("GET", "case/{name}", "the report of a case as it was seeded"),
        ("GET", "edits", "what time brings: name -> a body for `reports`, or a list of them"),
        ("GET", "reports", "all that are kept; reports/{id} one, generated ones too"),
        (
            "POST",
            "reports",
            "a report, {reports: [...]}, {generate: {reports, lines, seed}}, or an",
        ),
        ("", "", "edit {action, reportID, ...}; lists of these"),
        ("GET", "writes", "every job that would have changed something at the vendor"),
    )

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        super().__init__(clock, seed)
        self.month_seed = seed or SEED
        self.workspaces = Workspaces()
        self.receipts = Receipts(clock, self.settings, seed)
        self.reports = Reports(clock, self.settings, self.workspaces, self.receipts)
        self.files = Files()
        self.limits = (Limit(5, 10), Limit(20, 60))
        self.envelopes = Envelopes(self.settings)
        self.credentials: dict[str, dict[str, str]] = {}
        self.writes: list[dict[str, Any]] = []
        self.added = 0
        self.reset()

    # -- state -----------------------------------------------------------------------------------
    def reset_settings(self) -> None:
        # the same dict for good: store and envelopes look at it
        defaults = {name: switch.default for name, switch in self.all_switches.items()}
        self.settings.clear()
        self.settings.update(defaults)

    def change_settings(self, body: dict[str, Any]) -> dict[str, Any]:
        if isinstance(body.get("zone"), str):
            check_zone(body["zone"])
        return super().change_settings(body)

    def reset(self) -> None:
        self.workspaces.reset()
        self.reports.seed(everything(self.month_seed))
        self.files.clear()
        for limit in self.limits:
            limit.clear()
        self.credentials = {}
        self.writes = []
        self.added = 0

    def dump(self) -> dict[str, Any]:
        return {
            "reports": self.reports.kept,
            "volumes": [volume.parameters() for volume in self.reports.volumes],
            "deleted": sorted(self.reports.deleted),
            "labels": self.reports.labels,
            "credentials": self.credentials,
            "writes": self.writes,
            "added": self.added,
            "workspaces": self.workspaces.dump(),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.reports.seed(())
        self.reports.kept = state["reports"]
        self.reports.volumes = [Volume(**one) for one in state["volumes"]]
        self.reports.deleted = set(state["deleted"])
        self.reports.labels = state["labels"]
        self.credentials = state["credentials"]
        self.writes = state["writes"]
        self.added = state["added"]
        self.workspaces.load(state["workspaces"])

    # -- the API ---------------------------------------------------------------------------------
    def answer(self, request: Request) -> Response:
        self.receipts.base_url = request.base_url or self.receipts.base_url
        if request.path.startswith(RECEIPTS):
            return self.receipts.answer(request, self.reports.explicit())
        if request.path != URL_PATH:
            return tomcat_page(404, request.path)
        if request.method != "POST":
            return tomcat_page(405, f"HTTP method {request.method} is not supported by this URL")
        form = self._parameters(request)
        text = form.get("requestJobDescription", "")
        # The vendor's parser forgives single quotes and such; strict JSON is all a client may send.
        if not text:
            return tomcat_page(500, "requestJobDescription")
        try:
            job = json.loads(text, parse_float=Decimal)
        except json.JSONDecodeError as wrong:
            return bad_json_page(text, wrong)
        if not isinstance(job, dict):
            return tomcat_page(500, "JSONObject text must begin with '{'")
        request.log["job"] = _job_name(job)
        try:
            return self._credentialed(job, form)
        except JobRefused as refused:
            request.log["refused"] = str(refused)
            return self.envelopes.refused(refused.code, str(refused))

    def _parameters(self, request: Request) -> dict[str, str]:
        """Query and form parameters; as in a servlet, the query's come first."""
        content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        form = request.form() if content_type == FORM else {}
        return form | request.query

    def _credentialed(self, job: dict[str, Any], form: dict[str, str]) -> Response:
        pair = job.get("credentials")
        if not isinstance(pair, dict):
            raise missing("credentials")
        user = str(pair.get("partnerUserID", ""))
        known = self.credentials.get(user)
        if known is None or known["secret"] != pair.get("partnerUserSecret"):
            return self.envelopes.bad_credentials(user)
        if self._is_over_limit(user, job):
            return self.envelopes.throttled()
        kind = job.get("type")
        if kind not in JOBS:
            raise malformed_type()
        self._note_writes(job)
        return getattr(self, f"_{kind}")(job, form, known["email"])

    def _is_over_limit(self, user: str, job: dict[str, Any]) -> bool:
        if not self.settings["limits"]:
            return False
        if job.get("type") == "download" and not self.settings["downloads_count"]:
            return False
        now = self.clock.time()
        if any(limit.wait(user, now) for limit in self.limits):
            return True
        for limit in self.limits:
            limit.count(user, now)
        return False

    def _note_writes(self, job: dict[str, Any]) -> None:
        changes = [] if job["type"] not in ("update", "create") else [_job_name(job)]
        if isinstance(job.get("onFinish"), list):
            changes += [f"onFinish {one.get('actionName')}" for one in job["onFinish"]]
        at = self.clock.now().isoformat(timespec="seconds")
        self.writes += [{"at": at, "write": change} for change in changes]

    # -- jobs --------------------------------------------------------------------------------------
    def _file(self, job: dict[str, Any], form: dict[str, str], email: str) -> Response:
        order = exporter.read_order(job, form, self.settings, self._today())
        order = exporter.seen_by(order, email, self._admin_of(email))
        found = exporter.chosen(self.reports, order, self.settings)
        template = exporter.read_template(order.template)
        now = self.clock.time()
        self.files.expire(now, self.settings["file_life_s"])
        name, path = self.files.fresh(order.basename, order.extension)
        with path.open("w", encoding="utf-8", newline="") as out:
            sound = exporter.write_file(template, self.reports, found, self.settings, out)
        if not sound and self.settings["template_error"] == "json_500":
            path.unlink()
            raise JobRefused(500, "FreeMarker template error")
        self.files.keep(name, path, "integrationServer", now)
        if order.label:
            for id in self.reports.ids(found):
                self.reports.labels.setdefault(id, []).append(order.label)
        if self.settings["file_answer"] == "json":
            return self.envelopes.done(PLAIN, filename=name)
        return Response.text(name, 200, PLAIN)

    def _download(self, job: dict[str, Any], form: dict[str, str], email: str) -> Response:
        name = job.get("fileName")
        if not isinstance(name, str) or not name:
            raise missing("fileName")
        system = str(job.get("fileSystem", "integrationServer"))
        now = self.clock.time()
        match self.files.readiness(name, system, now, self.settings):
            case "ready":
                return self.files.answer(name, self.settings["file_damage"])
            case "early":
                return self._not_ready()
            case "elsewhere" if self.settings["wrong_file_system"] == "garbage":
                return Response(200, b"\x00\x01\x02", {"Content-Type": "application/octet-stream"})
        raise JobRefused(404, "File not found")

    def _not_ready(self) -> Response:
        match self.settings["not_ready"]:
            case "http_404":
                return tomcat_page(404, "File not found")
            case "empty_200":
                return Response(200, b"", {"Content-Type": "application/octet-stream"})
        raise JobRefused(404, "File not found")

    def _reconciliation(self, job: dict[str, Any], form: dict[str, str], email: str) -> Response:
        wanted, extension = reconciliation.read_order(job, form)
        self.workspaces.domain_cards(email, wanted["domain"])  # needs a domain admin
        model = reconciliation.model(self.reports, unreported(), wanted)
        template = exporter.read_template(form["template"])
        name, path = self.files.fresh("is_reconciliation_", extension)
        with path.open("w", encoding="utf-8", newline="") as out:
            if isinstance(template, str):
                out.write(template)
            else:
                template.render(model, out.write)
        self.files.keep(name, path, "reconciliation", self.clock.time())
        return self.envelopes.done(filename=name, responseMessage="OK")

    def _get(self, job: dict[str, Any], form: dict[str, str], email: str) -> Response:
        wanted = job.get("inputSettings")
        if not isinstance(wanted, dict):
            raise missing("inputSettings")
        if wanted.get("type") not in GETTERS:
            raise malformed_type()
        asked = wanted.get("userEmail")
        if asked and asked != email:
            if not self.settings["third_party_access"]:
                raise JobRefused(500, f"Not authorized to authenticate as user {asked}")
            email = str(asked)
        match wanted["type"]:
            case "policyList":
                only = wanted.get("adminOnly", False) is True
                return self.envelopes.done(policyList=self.workspaces.policy_list(email, only))
            case "policy":
                info = self.workspaces.policy_info(
                    email,
                    wanted.get("policyIDList"),
                    wanted.get("fields"),
                    self.settings["unknown_policy"],
                )
                return self.envelopes.done(policyInfo=info)
        cards = self.workspaces.domain_cards(email, wanted.get("domain"))
        return self.envelopes.done(domainCardList=cards)

    def _update(self, job: dict[str, Any], form: dict[str, str], email: str) -> Response:
        """reportStatus as the vendor has it; the other updaters are noted and refused."""
        wanted = job.get("inputSettings") or {}
        if wanted.get("type") != "reportStatus":
            raise JobRefused(500, f"The sandbox does not play {_job_name(job)}; it is in `writes`")
        if wanted.get("status") != "REIMBURSED":
            raise JobRefused(410, f"Status '{wanted.get('status')}' is not supported")
        ids = str((wanted.get("filters") or {}).get("reportIDList") or "")
        if not ids:
            raise missing("reportIDList")
        skipped = []
        for id in ids.split(","):
            report = self.reports.find(id.strip())
            if report is None:
                skipped.append({"reason": "Internal error", "reportID": id})
            elif report["status"] != "Approved":
                reason = f"Report is in status '{report['status']}'"
                skipped.append({"reason": reason, "reportID": id})
            else:
                change(self.reports, {"action": "reimburse", "reportID": id.strip(), "as": email})
        return self.envelopes.done(**({"skippedReports": skipped} if skipped else {}))

    def _create(self, job: dict[str, Any], form: dict[str, str], email: str) -> Response:
        raise JobRefused(500, f"The sandbox does not play {_job_name(job)}; it is in `writes`")

    def _today(self) -> date:
        return self.clock.now().date()

    def _admin_of(self, email: str) -> frozenset[str]:
        policies = self.workspaces.policies
        return frozenset(id for id in policies if self.workspaces.role(id, email) == "admin")

    # -- faults ------------------------------------------------------------------------------------
    def _job_of(self, request: Request) -> dict[str, Any]:
        """The job of a request, empty if there is none to read."""
        try:
            job = json.loads(self._parameters(request).get("requestJobDescription", ""))
        except json.JSONDecodeError:
            return {}
        return job if isinstance(job, dict) else {}

    def is_write(self, request: Request) -> bool:
        return self._job_of(request).get("type") == "file"  # all that a reader leaves there

    def is_batch(self, request: Request) -> bool:
        return False  # nothing here takes several documents at once

    def fault_applies(self, fault: Fault, request: Request) -> bool:
        return fault.kind != "conflict" and super().fault_applies(fault, request)

    def fault_response(self, fault: Fault, request: Request) -> Response:
        match fault.kind:
            case "throttle":
                answer = self.envelopes.throttled(fault.retry_after_s)
            case "unauthorized":
                pair = self._job_of(request).get("credentials") or {}
                answer = self.envelopes.bad_credentials(str(pair.get("partnerUserID", "")))
            case "unavailable":
                answer = tomcat_page(503, "Service Temporarily Unavailable")
            case "refuse":
                answer = self.envelopes.refused(410, "'filters' parameter is missing or malformed")
            case "error_in_200":
                text = RATE_LIMITED if fault.status == 429 else "Internal error"
                return self.envelopes.refused(fault.status or 500, text)
            case _:
                answer = tomcat_page(500, "Internal error")
        if fault.status:
            answer.status = fault.status
        return answer

    # -- control -----------------------------------------------------------------------------------
    def tokens(self, body: dict[str, Any]) -> dict[str, str]:
        """The pair of an account; `rotate` gives a new secret, as making it again there does."""
        email = str(body.get("email", ADMIN.email))
        user = "aa_" + re.sub(r"[^A-Za-z0-9]", "_", email)
        made = self.credentials.get(user)
        if made is None or body.get("rotate"):
            turn = int(made["turn"]) + 1 if made else 1
            secret = hashlib.sha256(f"{self.seed} {email} {turn}".encode()).hexdigest()[:40]
            made = {"email": email, "secret": secret, "turn": str(turn)}
            self.credentials[user] = made
        return {"partnerUserID": user, "partnerUserSecret": made["secret"]}

    def chart(self, body: dict[str, Any]) -> dict[str, Any]:
        try:
            return self.workspaces.chart(body)
        except KeyError as lacking:
            raise ControlError(400, f"{body.get('action')} needs {lacking}") from None

    def control(self, method: str, rest: str, body: Any) -> Any:
        match method, rest.partition("/"):
            case "GET", ("story", _, ""):
                return story(self.month_seed)
            case "GET", ("edits", _, ""):
                return edits(self.month_seed)
            case "GET", ("case", _, name) if name in story(self.month_seed):
                return case_report(name, self.month_seed)
            case "GET", ("reports", _, ""):
                return list(self.reports.explicit())
            case "GET", ("reports", _, id):
                report = self.reports.find(id)
                if report is None:
                    raise ControlError(404, f"there is no report {id!r}")
                return report
            case "POST", ("reports", _, ""):
                return self._take_in(body)
            case "GET", ("writes", _, ""):
                return self.writes
        return super().control(method, rest, body)

    def _take_in(self, body: Any) -> dict[str, Any]:
        """Adds, replaces, generates or edits; answers the ids that were touched."""
        if isinstance(body, list):
            touched = [id for one in body for id in self._take_in(one)["reports"]]
            return {"reports": touched}
        if not isinstance(body, dict):
            raise ControlError(400, "reports takes an object or a list of them")
        if "generate" in body:
            return self._generate(body["generate"])
        if "action" in body:
            report = change(self.reports, body)
            return {"reports": [body["reportID"]], "report": report}
        made = []
        for one in body.get("reports", [body]):
            self.added += 1
            made.append(completed(one, ADDED_FROM + self.added, self.workspaces))
        for report in made:
            self.reports.put(report)
        return {"reports": [report["reportID"] for report in made]}

    def _generate(self, wanted: Any) -> dict[str, Any]:
        try:
            if "card_share" in wanted:
                wanted = wanted | {"card_share": float(wanted["card_share"])}
            volume = Volume(**wanted)
        except (TypeError, ValueError) as wrong:
            raise ControlError(400, f"generate: {wrong}") from None
        if any(one.seed % 10**6 == volume.seed % 10**6 for one in self.reports.volumes):
            raise ControlError(409, f"seed {volume.seed} is in use: take another, or reset")
        self.reports.volumes.append(volume)
        ends = [volume.id(0), volume.id(len(volume) - 1)] if len(volume) else []
        return {"reports": [], "generated": len(volume), "first_and_last": ends}

    def documents(self) -> list[dict[str, Any]]:
        """The explicit reports in the contract's shape; an expense is a debit, so positive."""
        return [document(report) for report in self.reports.explicit()]


def _job_name(job: dict[str, Any]) -> str:
    wanted = job.get("inputSettings")
    detail = wanted.get("type", "") if isinstance(wanted, dict) else ""
    return f"{job.get('type', '')} {detail}".strip()
