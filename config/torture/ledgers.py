"""The ledgers that are tortured. A new one is a line: what the sandbox can play holds for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Victim:
    """What differs between ledgers before a flow can be made.

    app_keys  the settings for our app's id and secret at the vendor, which the sandbox mints
    writes    what a request that stores documents has in its address, and no other has
    tokens    the same for a request to the token endpoint
    payable   number of the account that reimbursable expenses are owed on
    """

    name: str
    app_keys: tuple[str, str] | None
    writes: str
    tokens: str
    payable: str = "2000"


LEDGERS = {
    victim.name: victim
    for victim in (
        Victim(
            "quickbooks_online",
            app_keys=("INTUIT_CLIENT_ID", "INTUIT_CLIENT_SECRET"),
            writes="requestid=",
            tokens="/tokens/bearer",
        ),
    )
}
