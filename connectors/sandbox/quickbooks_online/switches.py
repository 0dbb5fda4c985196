"""What the vendor's documentation leaves open or contradicts: one named switch each, likelier
answer first.
"""

from ..chassis import Switch

CHECK_ORDER = (
    "auth,throttle,replay,properties,required,lengths,references,sync_token,"
    "duplicate_number,closed_period,account_types,business"
)

SWITCHES = {
    # -- gates -----------------------------------------------------------------------------------
    "limits": Switch(
        True, "500/min per company, 10/s per company and app, batch 40 and 120/min: on or off."
    ),
    "per_minute": Switch(500, "All REST calls per minute and company."),
    "per_second": Switch(10, "Burst per second, company and app (older text: 10 concurrent)."),
    "batch_per_minute": Switch(40, "Batch endpoint per minute, company and app."),
    "batch_per_minute_company": Switch(120, "Batch endpoint per minute and company."),
    "batch_items_count_as_calls": Switch(
        False, "'Each item counts as one call for metering': whether for the per-minute limit too."
    ),
    "coreplus_per_month": Switch(
        500_000, "Reads per month and app before they are blocked with 429."
    ),
    "throttle_body": Switch(
        "json",
        "Two bodies are on record for 429: gateway JSON, and XML in spite of Accept.",
        ("json", "xml"),
    ),
    "throttle_status": Switch(
        429, "Older deployments used 403 with the same code 3001.", (429, 403)
    ),
    "retry_after_header": Switch(False, "A Retry-After header is not documented."),
    "check_order": Switch(
        CHECK_ORDER, "Order of checks; properties stays the first after the gates."
    ),
    "role": Switch(
        "admin",
        "The connecting user's role: removed or no admin any more gives 120.",
        ("admin", "none"),
    ),
    "app_access": Switch(
        "ok",
        "wrong_environment: keys of the other environment, 403 with 3100.",
        ("ok", "wrong_environment"),
    ),
    "plan": Switch(
        "Plus",
        "Classes and locations are features of Plus and up: 5020 on the others.",
        ("Plus", "Essentials", "Simple Start"),
    ),
    "company_status": Switch(
        "ok",
        "expired: 6190; wrong_cluster, locked, maintenance: 130, 140, 150; reset: 10200.",
        ("ok", "expired", "wrong_cluster", "locked", "maintenance", "reset"),
    ),
    "expired_status": Switch(400, "6190 was once seen with HTTP 200.", (400, 200)),
    # -- OAuth -----------------------------------------------------------------------------------
    "refresh_rotates": Switch(
        "always",
        "'The refresh token value changes about every 24 h: a refresh returns the same or a new"
        " value.'",
        ("always", "daily", "never"),
    ),
    "second_connect_kills_first": Switch(
        True,
        "'One token pair per app and company: a second connect kills the first pair' (partly"
        " seen).",
    ),
    "code_lives_s": Switch(300, "'Authorization code: single use, lives a few minutes.'"),
    "access_token_lives_s": Switch(3600, "expires_in."),
    "refresh_token_lives_s": Switch(
        8_726_400, "x_refresh_token_expires_in, about 101 days, rolling."
    ),
    "hard_expiry_s": Switch(157_680_000, "Five years from the consent."),
    "access_token_length": Switch(1_000, "'An opaque JWE up to a few thousand characters.'"),
    "refresh_kills_access_token": Switch(
        False, "Whether a refresh ends the access token before its hour."
    ),
    "deny_error": Switch("access_denied", "What the callback gets when the user declines."),
    "oauth_description": Switch(
        "full",
        "Three invalid_grant bodies were seen: with the long text, with 'Token invalid', with"
        " none.",
        ("full", "token_invalid", "none"),
    ),
    "redirect_uris": Switch(
        "", "Registered redirect URIs, separated by spaces; empty takes any well-formed one."
    ),
    # -- requestid -------------------------------------------------------------------------------
    "requestid_keeps_faults": Switch(False, "Whether a fault is replayed like a success."),
    "requestid_hours": Switch(24, "'Retention time: not documented.'"),
    "requestid_scope": Switch(
        "company", "Whether the key is scoped by the entity's path too.", ("company", "path")
    ),
    # -- writing ---------------------------------------------------------------------------------
    "newer_sync_token": Switch(
        "refuse", "'Token newer than current: not confirmed.'", ("refuse", "accept")
    ),
    "sparse_on_purchase_documents": Switch(
        "full",
        "Sparse update is not documented for Bill, Purchase, VendorCredit: ignored, done, or"
        " refused.",
        ("full", "sparse", "refuse"),
    ),
    "sparse_lines": Switch(
        "replace", "'If Line is given it replaces the whole set.'", ("replace", "merge")
    ),
    "unknown_line_id": Switch(
        "refuse", "A line with an Id that the document doesn't have.", ("refuse", "add")
    ),
    "more_decimals": Switch(
        "round", "'Values with more decimals are rounded.'", ("round", "refuse")
    ),
    "numeric_strings": Switch(False, 'Whether "412.30" in quotes passes for a number.'),
    "control_characters": Switch(
        "refuse", "2040 'unsupported characters': which ones is not said.", ("refuse", "accept")
    ),
    "astral_characters": Switch(
        "accept", "Whether characters beyond the BMP (emoji) give 2040.", ("accept", "refuse")
    ),
    "purchase_ex": Switch("refuse", "'Do not round-trip PurchaseEx.'", ("refuse", "ignore")),
    "inactive_reference": Switch(
        "sheet",
        "'Using an inactive one gives 610 or 2500': names 2500 and the rest 610, or one for all.",
        ("sheet", "610", "2500"),
    ),
    "deleted_suffix": Switch(True, "'QBO appends (deleted) to the name' of what is made inactive."),
    "inactive_name": Switch(
        "taken",
        "Whether an inactive one keeps its name from others, less the '(deleted)' that was"
        " appended; 6240 advises to ask for inactive ones too.",
        ("taken", "free"),
    ),
    "payment_bumps_version": Switch(
        True, "SyncToken +1 'also when QBO changes the object itself'."
    ),
    "negative_lines": Switch(
        "accept", "Negative lines on a bill whose total is >= 0.", ("accept", "refuse")
    ),
    "negative_total": Switch("refuse", "Total < 0: 6000.", ("refuse", "accept")),
    "zero_total": Switch("accept", "Zero-total bill.", ("accept", "refuse")),
    "zero_payment": Switch(
        "accept", "A bill payment of 0 that links bill and vendor credit.", ("accept", "refuse")
    ),
    "edit_paid_bill": Switch(
        "accept", "Changing a paid bill's amount by API.", ("accept", "refuse")
    ),
    "billable_status_elsewhere": Switch(
        "refuse",
        "BillableStatus at all on a line whose account is no expense 'can fail: Target is not"
        " reimbursable'.",
        ("refuse", "accept"),
    ),
    "class_tracking_off": Switch(
        "drop",
        "ClassRef or DepartmentRef while the company doesn't track them.",
        ("drop", "refuse"),
    ),
    "due_before_date": Switch(
        "refuse", "DueDate earlier than TxnDate is refused, code not sure.", ("refuse", "accept")
    ),
    "cash_accounts": Switch(
        "bank",
        "PaymentType Cash: bank only, or other current assets (cash on hand) too.",
        ("bank", "both"),
    ),
    "journal_payable_lines": Switch(
        "many",
        "'At most one A/R or A/P line per entry is a Desktop rule, for Online unknown.'",
        ("many", "one"),
    ),
    "journal_numbers": Switch(True, "Journals get a number when they have none."),
    "duplicate_purchase_number": Switch(
        "accept",
        "'Some report duplicates accepted on purchases, others get 6140.'",
        ("accept", "refuse"),
    ),
    "duplicate_credit_number": Switch(
        "accept", "Two vendor credits with one number.", ("accept", "refuse")
    ),
    "closed_period_warning": Switch(
        "refuse",
        "'Allow changes after viewing a warning': whether API writes get through.",
        ("refuse", "accept"),
    ),
    "us_tax_calculation": Switch(
        "ignore", "GlobalTaxCalculation in a US company ('non-US only').", ("ignore", "refuse")
    ),
    "missing_tax_code": Switch(
        "refuse", "Outside the US every taxable line needs a TaxCodeRef.", ("refuse", "accept")
    ),
    "tax_line_of_other_rate": Switch(
        "refuse",
        "A TaxLine whose rate no line's tax code has: not documented.",
        ("refuse", "accept"),
    ),
    "rate_without_tax_line": Switch(
        "compute",
        "Some rates spelled out, one left out: whether QuickBooks adds that one's tax itself.",
        ("compute", "no_tax"),
    ),
    "net_amount_taxable": Switch(
        "refuse",
        "NetAmountTaxable that is not the lines' net: not documented.",
        ("refuse", "ignore"),
    ),
    "total_tax_mismatch": Switch(
        "refuse", "TotalTax that is not the sum of the tax lines.", ("refuse", "ignore")
    ),
    "tax_deviation_cents": Switch(
        -1,
        "How far explicit tax may be from rate times net, in cents; -1 is 'exactly what the receipt"
        " says', whatever that is.",
    ),
    "inclusive_tax_detail": Switch(
        "recompute",
        "Gross amounts and a TxnTaxDetail together: which of the two counts is not said.",
        ("recompute", "keep"),
    ),
    "sales_code_on_purchase": Switch(
        "refuse", "A tax code with sales rates only, on a purchase.", ("refuse", "accept")
    ),
    "display_name_most": Switch(500, "DisplayName at most 500."),
    "account_name_colon": Switch(
        "refuse", "Account names have no colon or double quote.", ("refuse", "accept")
    ),
    # -- reading ---------------------------------------------------------------------------------
    "page_size": Switch(100, "Page size when MAXRESULTS is absent."),
    "largest_result": Switch(
        0, "10100 'result set too big': from how many objects in an answer is not said; 0 is never."
    ),
    "query_total_count": Switch(True, "totalCount 'not always'."),
    "query_ignores_case": Switch(True, "Whether text compares without case."),
    "query_order": Switch("newest", "Order without ORDERBY: not documented.", ("newest", "oldest")),
    "query_entity_case": Switch(
        "any", "'Docs: entity name case sensitive', yet 'from vendor' works.", ("any", "exact")
    ),
    "private_note_filter": Switch(False, "PrivateNote is not filterable."),
    "clash_names_id": Switch(False, "6240: 'the clashing Id may follow as Id=56'."),
    "duplicate_bids": Switch(
        "refuse", "'Do not duplicate bIds': what happens then is not said.", ("refuse", "accept")
    ),
    "batch_order": Switch("given", "'Order not guaranteed.'", ("given", "reversed")),
    "attachable_query": Switch(
        "references",
        "By which properties an Attachable can be asked for is not in the list of those that can: "
        "by what it is attached to as well, or by its own only.",
        ("references", "own"),
    ),
    "upload_note": Switch(
        "kept",
        "The metadata of an upload is an Attachable, which may have a Note; whether that is kept "
        "was not seen.",
        ("kept", "dropped"),
    ),
    "attachment_bumps_version": Switch(
        False, "SyncToken +1 'also when QBO changes the object itself': by an attachment too?"
    ),
    "download": Switch(True, "download/{id} 'returns a plain-text temporary URL'."),
}
