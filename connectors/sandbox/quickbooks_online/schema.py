"""Which properties each QuickBooks entity has, of what type and length, as plain tables."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Text:
    most: int | None = None
    code: str = "2050"


@dataclass(frozen=True)
class Enum:
    allowed: tuple[str, ...]
    code: str = "2010"


@dataclass(frozen=True)
class Simple:
    kind: str


@dataclass(frozen=True)
class Part:
    fields: dict[str, Any]


@dataclass(frozen=True)
class Many:
    of: Any


AMOUNT, WHOLE, FLAG, DAY, IDENTITY = (
    Simple(kind) for kind in ("amount", "whole", "flag", "day", "identity")
)
RATE = Simple("rate")
IGNORED = Simple("ignored")  # read-only for callers, taken and dropped
REF = Simple("ref")  # {"value": id, "name", "type"}
TEXT = Text()
NAME = Text(100)
ADDRESS = Part(
    {f"Line{n}": Text(500) for n in range(1, 6)}
    | {
        n: Text(255)
        for n in ("City", "Country", "CountryCode", "CountrySubDivisionCode", "PostalCode")
    }
    | {"Id": IDENTITY, "Lat": TEXT, "Long": TEXT, "Note": TEXT}
)
EMAIL = Part({"Address": Text(100)})
PHONE = Part({"FreeFormNumber": Text(30)})
LINKS = Many(Part({"TxnId": IDENTITY, "TxnType": TEXT, "TxnLineId": TEXT}))
BILLABLE = Enum(("Billable", "NotBillable"), "2170")  # HasBeenBilled is read-only
COMMON = {
    "Id": IDENTITY,
    "SyncToken": IDENTITY,
    "domain": IGNORED,
    "sparse": FLAG,
    "MetaData": IGNORED,
    "CustomField": IGNORED,
    "status": IGNORED,
}
TAX_DETAIL = Part(
    {
        "TotalTax": AMOUNT,
        "TxnTaxCodeRef": REF,
        "TaxLine": Many(
            Part(
                {
                    "Amount": AMOUNT,
                    "DetailType": Enum(("TaxLineDetail",)),
                    "TaxLineDetail": Part(
                        {
                            "TaxRateRef": REF,
                            "PercentBased": FLAG,
                            "TaxPercent": RATE,
                            "NetAmountTaxable": AMOUNT,
                            "TaxInclusiveAmount": AMOUNT,
                        }
                    ),
                }
            )
        ),
    }
)
SHARED_DETAIL = {
    "ClassRef": REF,
    "CustomerRef": REF,
    "BillableStatus": BILLABLE,
    "TaxCodeRef": REF,
    "MarkupInfo": IGNORED,
    "ProjectRef": REF,
}
EXPENSE_LINE = Part(
    {
        "Id": IDENTITY,
        "LineNum": WHOLE,
        "Description": Text(4000),
        "Amount": AMOUNT,
        "DetailType": Enum(("AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail")),
        "AccountBasedExpenseLineDetail": Part(
            SHARED_DETAIL | {"AccountRef": REF, "TaxAmount": AMOUNT, "TaxInclusiveAmt": AMOUNT}
        ),
        "ItemBasedExpenseLineDetail": Part(
            SHARED_DETAIL
            | {
                "ItemRef": REF,
                "Qty": RATE,
                "UnitPrice": RATE,
                "TaxInclusiveAmt": AMOUNT,
            }
        ),
        "LinkedTxn": IGNORED,
        "CustomField": IGNORED,
        "ProjectRef": REF,
    }
)
JOURNAL_LINE = Part(
    {
        "Id": IDENTITY,
        "LineNum": WHOLE,
        "Description": Text(4000),
        "Amount": AMOUNT,
        "DetailType": Enum(("JournalEntryLineDetail", "DescriptionOnly")),
        "JournalEntryLineDetail": Part(
            {
                "PostingType": Enum(("Debit", "Credit")),
                "AccountRef": REF,
                "ClassRef": REF,
                "DepartmentRef": REF,
                "Entity": Part(
                    {"Type": Enum(("Vendor", "Customer", "Employee")), "EntityRef": REF}
                ),
                "BillableStatus": BILLABLE,
                "TaxCodeRef": REF,
                "TaxApplicableOn": Enum(("Purchase", "Sales")),
                "TaxAmount": AMOUNT,
                "TaxInclusiveAmt": AMOUNT,
            }
        ),
        "DescriptionLineDetail": IGNORED,
        "CustomField": IGNORED,
        "ProjectRef": REF,
    }
)
DOCUMENT = COMMON | {
    "TxnDate": DAY,
    "DocNumber": Text(21, "6000"),
    "PrivateNote": Text(4000),
    "CurrencyRef": REF,
    "ExchangeRate": RATE,
    "TotalAmt": IGNORED,
    "HomeTotalAmt": IGNORED,
    "LinkedTxn": IGNORED,
    "ProjectRef": REF,
    "TransactionLocationType": TEXT,
    "TxnTaxDetail": TAX_DETAIL,
}
# Of what is bought, not of journal entries or payments.
TAXED = DOCUMENT | {
    "GlobalTaxCalculation": Enum(("TaxExcluded", "TaxInclusive", "NotApplicable")),
}
PAYABLE = TAXED | {
    "VendorRef": REF,
    "APAccountRef": REF,
    "DepartmentRef": REF,
    "Line": Many(EXPENSE_LINE),
    "Balance": IGNORED,
    "HomeBalance": IGNORED,
    "VendorAddr": IGNORED,
}
PERSON = COMMON | {
    "DisplayName": TEXT,
    "Title": Text(16),
    "GivenName": NAME,
    "MiddleName": NAME,
    "FamilyName": NAME,
    "Suffix": Text(16),
    "PrintOnCheckName": Text(110),
    "Active": FLAG,
    "PrimaryEmailAddr": EMAIL,
    "PrimaryPhone": PHONE,
    "Mobile": PHONE,
}
BUSINESS_NAME = PERSON | {
    "CompanyName": NAME,
    "AlternatePhone": PHONE,
    "Fax": PHONE,
    "WebAddr": Part({"URI": Text(1000)}),
    "BillAddr": ADDRESS,
    "CurrencyRef": REF,
    "Balance": IGNORED,
    "Notes": Text(4000),
}
TREE = COMMON | {"Name": NAME, "ParentRef": REF, "FullyQualifiedName": IGNORED, "Active": FLAG}
ENTITIES: dict[str, dict[str, Any]] = {
    "Bill": PAYABLE | {"DueDate": DAY, "SalesTermRef": REF},
    "VendorCredit": PAYABLE,
    "Purchase": (
        TAXED
        | {
            "PaymentType": Enum(("Cash", "Check", "CreditCard")),
            "AccountRef": REF,
            "EntityRef": REF,
            "Credit": FLAG,
            "DepartmentRef": REF,
            "PaymentMethodRef": REF,
            "PaymentRefNum": Text(21),
            "PrintStatus": Enum(("NotSet", "NeedToPrint", "PrintComplete")),
            "RemitToAddr": ADDRESS,
            "Line": Many(EXPENSE_LINE),
            "PurchaseEx": Simple("purchase_ex"),
        }
    ),
    "JournalEntry": DOCUMENT | {"Adjustment": FLAG, "Line": Many(JOURNAL_LINE)},
    "BillPayment": (
        DOCUMENT
        | {
            "VendorRef": REF,
            "APAccountRef": REF,
            "DepartmentRef": REF,
            "PayType": Enum(("Check", "CreditCard")),
            "CheckPayment": Part(
                {
                    "BankAccountRef": REF,
                    "PrintStatus": Enum(("NotSet", "NeedToPrint", "PrintComplete")),
                }
            ),
            "CreditCardPayment": Part({"CCAccountRef": REF}),
            "TotalAmt": AMOUNT,
            "ProcessBillPayment": FLAG,
            "Line": Many(
                Part({"Id": IDENTITY, "LineNum": WHOLE, "Amount": AMOUNT, "LinkedTxn": LINKS})
            ),
        }
    ),
    "Vendor": (
        BUSINESS_NAME
        | {
            "AcctNum": NAME,
            "Vendor1099": FLAG,
            "TermRef": REF,
            "TaxIdentifier": Text(20),
            "BillRate": RATE,
            "APAccountRef": REF,
            "V4IDPseudonym": IGNORED,
        }
    ),
    "Customer": (
        BUSINESS_NAME
        | {
            "Job": FLAG,
            "ParentRef": REF,
            "BillWithParent": FLAG,
            "FullyQualifiedName": IGNORED,
            "Level": IGNORED,
            "IsProject": IGNORED,
            "Taxable": FLAG,
            "ShipAddr": ADDRESS,
            "BalanceWithJobs": IGNORED,
            "PreferredDeliveryMethod": TEXT,
            "V4IDPseudonym": IGNORED,
        }
    ),
    "Employee": (
        PERSON
        | {
            "EmployeeNumber": NAME,
            "HiredDate": DAY,
            "ReleasedDate": DAY,
            "BillableTime": FLAG,
            "PrimaryAddr": ADDRESS,
        }
    ),
    "Account": (
        TREE
        | {
            "AcctNum": Text(7),
            "AccountType": TEXT,
            "AccountSubType": TEXT,
            "Classification": IGNORED,
            "SubAccount": FLAG,
            "CurrentBalance": IGNORED,
            "CurrentBalanceWithSubAccounts": IGNORED,
            "CurrencyRef": REF,
            "Description": NAME,
            "TaxCodeRef": REF,
        }
    ),
    "Class": TREE | {"SubClass": FLAG},
    "Department": TREE | {"SubDepartment": FLAG, "Address": ADDRESS},
    "Term": (
        COMMON
        | {
            "Name": Text(31),
            "Active": FLAG,
            "Type": Enum(("STANDARD", "DATE_DRIVEN")),
            "DueDays": WHOLE,
            "DiscountDays": WHOLE,
            "DiscountPercent": RATE,
            "DayOfMonthDue": WHOLE,
            "DueNextMonthDays": WHOLE,
        }
    ),
    "Attachable": (
        COMMON
        | {
            "FileName": Text(1000),
            "Note": Text(2000),
            "ContentType": Text(100),
            "Category": TEXT,
            "Tag": Text(2000),
            "Size": IGNORED,
            "FileAccessUri": IGNORED,
            "TempDownloadUri": IGNORED,
            "ThumbnailFileAccessUri": IGNORED,
            "ThumbnailTempDownloadUri": IGNORED,
            "AttachableRef": Many(
                Part(
                    {
                        "EntityRef": REF,
                        "IncludeOnSend": FLAG,
                        "LineInfo": TEXT,
                        "NoRefOnly": FLAG,
                        "Inactive": FLAG,
                        "CustomField": IGNORED,
                    }
                )
            ),
        }
    ),
}
