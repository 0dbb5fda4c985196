"""Expensify's envelopes and error texts: HTTP 200 around nearly everything, else Tomcat pages."""

import json
from decimal import Decimal
from html import escape
from typing import Any

from ..chassis import Response, to_json

PLAIN = "text/plain;charset=utf-8"
RATE_LIMITED = (
    "You have been rate-limited. Please try again later or contact help@expensify.com for "
    "assistance."
)


class JobRefused(Exception):
    """A job that ends in an error envelope: `code` and the vendor's text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def missing(parameter: str) -> JobRefused:
    return JobRefused(410, f"Required parameter '{parameter}' is missing")


def malformed(parameter: str) -> JobRefused:
    return JobRefused(410, f"'{parameter}' parameter is missing or malformed")


def malformed_type() -> JobRefused:
    return JobRefused(410, "Argument 'type' is missing or malformed")


def malformed_date(text: Any) -> JobRefused:
    return JobRefused(410, f"Malformed date '{text}'. Expected format is yyyy-MM-dd")


class Envelopes:
    """Makes the JSON answers; which key comes first and the content type vary, as they do there."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.made = 0

    def _code(self, code: int) -> Any:
        match self.settings["response_code_form"]:
            case "text":
                return str(code)
            case "decimal":
                return Decimal(f"{code}.0")
        return code

    def _sent(self, body: dict[str, Any], status: int, content_type: str = "") -> Response:
        self.made += 1
        wish = content_type or self.settings["json_content_type"]
        if wish == "mixed":
            wish = PLAIN if self.made % 2 else "application/json"
        return Response(status, to_json(body), {"Content-Type": wish})

    def done(self, content_type: str = "", **body: Any) -> Response:
        """A success, `responseCode` 200 last."""
        return self._sent({**body, "responseCode": self._code(200)}, 200, content_type)

    def refused(self, code: int, text: str, status: int = 200) -> Response:
        """An error envelope under `status`."""
        body = {"responseMessage": text, "responseCode": self._code(code)}
        if self.made % 2:
            body = dict(reversed(list(body.items())))
        return self._sent(body, status)

    def throttled(self, retry_after_s: float | None = None) -> Response:
        match self.settings["throttled_answer"]:
            case "json_in_200":
                answer = self.refused(429, RATE_LIMITED)
            case "http_429_empty":
                answer = Response(429, b"", {"Content-Type": PLAIN})
            case _:
                answer = self.refused(429, RATE_LIMITED, status=429)
        wait = retry_after_s or self.settings["retry_after_s"]
        if wait:
            answer.headers["Retry-After"] = f"{wait:g}"
        return answer

    def bad_credentials(self, who: str) -> Response:
        match self.settings["bad_credentials"]:
            case "http_401":
                return Response.text("401 Unauthorized", 401, PLAIN)
            case "http_403":
                return Response.text("403 - Invalid Credentials", 403, PLAIN)
        return self.refused(500, f"Not authorized to authenticate as user {who}")


def tomcat_page(status: int, text: str) -> Response:
    """The servlet container's own error page."""
    head = f"HTTP Status {status} - {escape(text)}"
    page = (
        f"<html><head><title>Apache Tomcat - Error report</title></head><body><h1>{head}</h1>"
        f'<hr size="1" noshade="noshade"><p><b>type</b> Status report</p>'
        f"<p><b>message</b> <u>{escape(text)}</u></p></body></html>"
    )
    return Response.text(page, status, "text/html;charset=utf-8")


def bad_json_page(text: str, wrong: json.JSONDecodeError) -> Response:
    return tomcat_page(500, f'JSONObject["{text[:40]}"] is not valid: {wrong.msg} at {wrong.pos}')
