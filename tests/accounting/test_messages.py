"""The strictness of the table's last column: what it would not let pass."""

import pytest

from tests.accounting.messages import complaints

REPORTS = {"R00X9oNOn2MO": "Ben Ito"}
GOOD = {
    "message": "Report R00X9oNOn2MO (Ben Ito, 412.60 USD), line 3 (Taxi, 18.40 USD): tag "
    '"Region: West" points to class "West", inactive in QuickBooks since the list was read on 3 '
    "Nov 2026 09:12. Nothing was posted.",
    "cure": "Make it active there, or point the tag elsewhere.",
}


def test_a_message_that_a_person_can_act_on_passes() -> None:
    assert complaints(GOOD, REPORTS) == []


@pytest.mark.parametrize(
    "message",
    [
        "The report changed after posting (412.60 -> 398.10 USD), but bill R00X9oNOn2MO-7KQ2 was "
        "paid on 2 Nov 2026. It was left as it is.",
        "Report R00X9oNOn2MO (Ben Ito, 9.00 USD): 2 vendors with this e-mail address exist: "
        '"Sam Cole" (no. 56), "Sam Cole (freelance)" (no. 57). Nothing was posted.',
        "Report R00X9oNOn2MO (Ben Ito, 9.00 USD), line 1 (Café, 9.00 USD): no account for card "
        '"1234XXXXXXXX1979". Nothing was posted.',
    ],
    ids=["a change", "numbers behind names", "a card"],
)
def test_other_good_ones(message) -> None:
    numbers = ["R00X9oNOn2MO-7KQ2"]
    assert complaints(GOOD | {"message": message}, REPORTS, numbers) == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"message": "Line 3 (Taxi, 18.40 EUR) has no category. Nothing was posted."},
         "it names no report"),
        ({"message": "Report R00X9oNOn2MO has no category. Nothing was posted."},
         "it names neither person nor place"),
        ({"message": "Report R00X9oNOn2MO (Ben Ito, 9.00 USD) has no category."},
         "it does not say what was not done"),
        ({"message": "Report R00X9oNOn2MO (Ben Ito, 9.00 USD). Nothing was posted"},
         "it does not end as a sentence"),
        ({"cure": ""}, "its cure is no sentence: ''"),
        ({"cure": "retry."}, "its cure is no sentence: 'retry.'"),
        ({"message": "Report R00X9oNOn2MO (Ben Ito, None USD). Nothing was posted."},
         "its message shows a value that nobody filled in: 'None'"),
        ({"message": "Report R00X9oNOn2MO (Ben Ito, 9.0000 USD). Nothing was posted."},
         "its message shows an amount that no currency has: '9.0000'"),
        ({"message": "Report R00X9oNOn2MO (Ben Ito, 9.00 USD): KeyError. Nothing was posted."},
         "its message shows a traceback or a class of ours: 'KeyError'"),
        ({"message": "Report R00X9oNOn2MO (Ben Ito): map.party.missing. Nothing was posted."},
         "its message shows a code: 'map.party.missing'"),
        ({"message": "Report R00X9oNOn2MO (Ben Ito): it is in_doubt. Nothing was posted."},
         "its message shows a code: 'in_doubt'"),
        ({"message": "Report R00X9oNOn2MO (Ben Ito): dated 2026-10-31. Nothing was posted."},
         "its message shows a date for machines: '2026-10-31'"),
        ({"message": "Report R00X9oNOn2MO (Ben Ito): account id 61 is gone. Nothing was posted."},
         "its message shows a number without a name: 'nt id 61'"),
        ({"message": "Report R00X9oNOn2MO (Ben Ito): expense 4056343049275634494 stands here "
                     "twice. Nothing was posted."},
         "its message shows a number without a name: '4056343049275634494'"),
        ({"message": "Report R00X9oNOn2MO (Ben Ito): the payload was refused. Nothing was posted."},
         "its message shows a word of the machine: 'payload'"),
        ({"cure": "Correct it there ."}, "its cure shows a slip of the pen: ' .'"),
        ({"message": "Business Validation Error for R00X9oNOn2MO of Ben Ito: nothing was posted.",
          "facts": {"vendor_text": "Business Validation Error for R00X9oNOn2MO of Ben Ito"}},
         "without the vendor's own words nothing is said"),
    ],
)  # fmt: skip
def test_a_message_without_what_it_needs_does_not_pass(changed, complaint) -> None:
    assert complaint in complaints(GOOD | changed, REPORTS)
