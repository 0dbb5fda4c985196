"""Every fact about Expensify that nobody has confirmed, as a switch; defaults are the likelier.

The reason beside each names the unknown; a client must get along with every position.
"""

from zoneinfo import ZoneInfo

from ..chassis import ControlError, Switch

SWITCHES = {
    "limits": Switch(True, "5 requests in 10 s, 20 in 60 s per partnerUserID (newest help text)."),
    "downloads_count": Switch(True, "Whether download jobs count as requests is not documented."),
    "throttled_answer": Switch(
        "http_429_json",
        "429 as HTTP status, as responseCode or both was never observed.",
        ("http_429_json", "json_in_200", "http_429_empty"),
    ),
    "retry_after_s": Switch(0, "Whether Retry-After is sent is unknown; 0 leaves it out."),
    "bad_credentials": Switch(
        "json_500",
        "Today's answer to a wrong pair was not recorded; the 2013 script saw HTTP 401 and 403.",
        ("json_500", "http_401", "http_403"),
    ),
    "response_code_form": Switch(
        "number",
        "responseCode was seen as a number, as a text and as 200.0.",
        ("number", "text", "decimal"),
    ),
    "json_content_type": Switch(
        "mixed",
        "JSON is served as text/plain or application/json, seen both; mixed alternates.",
        ("mixed", "text/plain;charset=utf-8", "application/json"),
    ),
    "file_answer": Switch(
        "bare",
        "The exporter answers the bare file name; an envelope with `filename` cannot be excluded.",
        ("bare", "json"),
    ),
    "ready_delay_s": Switch(0, "Seconds until a file can be downloaded; -1 is never."),
    "not_ready": Switch(
        "json_404",
        "How an early download is refused is undocumented; 2013 it was no 200.",
        ("json_404", "http_404", "empty_200"),
    ),
    "file_life_s": Switch(600, "How long a file is kept is undocumented."),
    "wrong_file_system": Switch(
        "json_404",
        "A wrong fileSystem gives 404 or garbage.",
        ("json_404", "garbage"),
    ),
    "empty_window": Switch(
        "static_text",
        "No report found: the template's static text or an empty file, undocumented.",
        ("static_text", "empty_file"),
    ),
    "render_passes": Switch(
        1, "The addHeader flag hints at rendering in several passes; this many at most."
    ),
    "template_error": Switch(
        "in_file",
        "Where a FreeMarker error comes out is undocumented.",
        ("in_file", "json_500"),
    ),
    "file_damage": Switch(
        "",
        "A file cut in the middle, with a byte that is no UTF-8, or replaced by a proxy's HTML.",
        ("", "truncated", "bad_byte", "html"),
    ),
    "approved_after_inclusive": Switch(
        True, "The 2016 text drops reports approved on the date itself, today's text keeps them."
    ),
    "zone": Switch("UTC", "The zone of the printed times and of the date filters is unknown."),
    "times": Switch(
        "text",
        "Report times print as yyyy-MM-dd HH:mm:ss in samples: as texts or as formatted dates.",
        ("text", "date"),
    ),
    "limit_order": Switch(
        "oldest",
        "Which reports `limit` keeps is undocumented.",
        ("oldest", "newest"),
    ),
    "boolean_test": Switch(False, "`test` is a text; whether a JSON boolean is taken is untested."),
    "third_party_access": Switch(
        False, "employeeEmail and userEmail work only for domains that Expensify enabled."
    ),
    "unknown_policy": Switch(
        "absent",
        "The policy getter's answer to an id without access is undocumented.",
        ("absent", "json_403", "json_404"),
    ),
    "html_escaped": Switch(
        False, "The reconciliation template unescapes HTML; for the report exporter it is unknown."
    ),
    "blanks": Switch(
        "empty",
        'Missing values are mostly "", sometimes the variable is not there at all.',
        ("empty", "absent"),
    ),
    "converted_same_currency": Switch(
        "blank",
        "convertedAmount without a conversion: blank, or the amount once more.",
        ("blank", "filled"),
    ),
    "converted_follows_edit": Switch(
        True, "Whether convertedAmount follows a later modifiedAmount is untested."
    ),
    "reapproval_moves_approved": Switch(
        True, "Whether `approved` moves when a report is approved again is unknown."
    ),
    "zero_decimal": Switch(
        "times_100",
        "JPY and KRW are kept times 100 as far as is known.",
        ("times_100", "whole"),
    ),
    "closed_word": Switch(
        "Closed", "The exporter's word for closed reports.", ("Closed", "Archived")
    ),
    "custom_field_listable": Switch(
        True, "Whether customField is a hash that can be listed is unknown."
    ),
    "receipt_access": Switch(
        "public",
        "Receipt links 'may need a login to the workspace': then a page to sign in comes, or the "
        "way there; `expired` is a link that is over, whatever a new export says.",
        ("public", "login", "login_redirect", "expired"),
    ),
    "receipt_life_s": Switch(
        0, "How long a receipt link lives is unknown; over 0 it is signed, and ends by then."
    ),
    "receipt_bytes": Switch(0, "Receipts are at least so large; no size limit is documented."),
    "ntag_escaped": Switch(
        False, "Whether a colon inside ntagX is escaped, as it is in `tag`, is unknown."
    ),
}


def check_zone(name: str) -> None:
    """ControlError 400 unless the zone exists here."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as wrong:
        raise ControlError(400, f"zone is a name like America/New_York, not {name!r}") from wrong
