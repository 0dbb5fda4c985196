"""What a company says about itself: CompanyInfo, Preferences and exchange rates."""

from datetime import datetime

from .company import PACIFIC, Company, Obj, printed


def preferences(company: Company) -> Obj:
    prefs = company.prefs
    accounting: Obj = {
        "UseAccountNumbers": prefs["account_numbers"],
        "TrackDepartments": prefs["locations"],
        "DepartmentTerminology": "Location",
        "ClassTrackingPerTxn": prefs["class_per_document"],
        "ClassTrackingPerTxnLine": prefs["class_per_line"],
        "FirstMonthOfFiscalYear": "January",
        "CustomerTerminology": "Customers",
        "TaxYearMonth": "January",
    }
    if prefs["book_close_date"]:
        accounting["BookCloseDate"] = prefs["book_close_date"]
    changed = datetime.fromtimestamp(int(company.prefs_at), PACIFIC).isoformat()
    return {
        "AccountingInfoPrefs": accounting,
        "VendorAndPurchasesPrefs": {
            "EnableBills": True,
            "TrackingByCustomer": True,
            "BillableExpenseTracking": prefs["billable_expenses"],
        },
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": prefs["multicurrency"],
            "HomeCurrency": {"value": company.home},
        },
        "TaxPrefs": {"UsingSalesTax": prefs["tax"], "PartnerTaxEnabled": False},
        "SalesFormsPrefs": {"CustomTxnNumbers": False},
        "OtherPrefs": {
            "NameValue": [
                {"Name": "ProjectsEnabled", "Value": "true" if prefs["projects"] else "false"}
            ]
        },
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": str(company.prefs_version),
        "MetaData": {"CreateTime": changed, "LastUpdatedTime": changed},
    }


def company_info(company: Company, plan: str) -> Obj:
    iso3 = {"US": "USA", "GB": "GBR", "DE": "DEU", "FR": "FRA", "CA": "CAN", "AU": "AUS"}
    made = "2024-01-08T09:00:00-08:00"
    return {
        "CompanyName": company.name,
        "LegalName": company.name,
        "CompanyAddr": {
            "Id": "1",
            "Line1": "1 Main Street",
            "Country": iso3.get(company.country, ""),
        },
        "Country": company.country,
        "Email": {"Address": "books@acme.example"},
        "FiscalYearStartMonth": "January",
        "SupportedLanguages": "en",
        "NameValue": [
            {"Name": "NeoEnabled", "Value": "true"},
            {"Name": "OfferingSku", "Value": f"QuickBooks Online {plan}"},
        ],
        "domain": "QBO",
        "sparse": False,
        "Id": "1",
        "SyncToken": "4",
        "MetaData": {"CreateTime": made, "LastUpdatedTime": made},
    }


def exchange_rate(company: Company, currency: str, day: str) -> Obj | None:
    """The ExchangeRate object (it has no Id); None for a currency without rates."""
    if currency != company.home and currency not in company.rates:
        return None
    return {
        "SyncToken": "1",
        "domain": "QBO",
        "AsOfDate": day,
        "SourceCurrencyCode": currency,
        "Rate": printed(company.rate(currency, day)),
        "TargetCurrencyCode": company.home,
        "MetaData": {"LastUpdatedTime": company.stamp()},
    }
