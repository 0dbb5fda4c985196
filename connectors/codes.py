"""The problems that this room itself names, with meaning and cure; readers and adapters have
tables of their own."""

CODES: dict[str, str] = {
    "connect.app.refused": "The vendor does not know our application's keys.",
    "connect.company.other": "The connection belongs to another company than the one that answers.",
    "connect.secret.sealed": "A stored sign-in cannot be decrypted with the keys we have.",
}

CURES: dict[str, str] = {
    "connect.app.refused": "Correct the application's id and secret in the environment, restart.",
    "connect.company.other": "Press Connect and choose the first company.",
    "connect.secret.sealed": "Put the earlier key back into FERNET_KEYS, or connect anew.",
}
