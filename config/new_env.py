"""Writes a first .env: settings refuse to load without secrets, and people invent poor ones.

Standard library only: it runs before Django (see manage.py).
"""

import argparse
import os
import secrets
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
# 48 random bytes: 64 characters of letters, digits, - and _, which need no quoting in a .env.
RANDOM_BYTES = 48
SECRETS = ("SECRET_KEY", "FERNET_KEYS")


def filled_in(example: str) -> str:
    """The text of .env.example with a fresh secret after each name in SECRETS.

    Raises ValueError when the example has no empty line for one of them.
    """
    lines = example.splitlines()
    for name in SECRETS:
        if f"{name}=" not in lines:
            raise ValueError(f".env.example has no empty line '{name}=' to fill in. Restore it.")
        lines[lines.index(f"{name}=")] = f"{name}={secrets.token_urlsafe(RANDOM_BYTES)}"
    return "\n".join(lines) + "\n"


def main(argv: list[str]) -> int:
    """Writes the file; returns 0, or 1 with the reason on stderr. Never overwrites."""
    parser = argparse.ArgumentParser(
        prog="manage.py new_env", description="Write a .env with fresh secrets."
    )
    parser.add_argument("--path", type=Path, default=PROJECT / ".env", help="default: %(default)s")
    path = parser.parse_args(argv).path
    try:
        text = filled_in((PROJECT / ".env.example").read_text(encoding="utf-8"))
        # Exclusive creation: with two at once, one loses; readable by its owner alone.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    except FileExistsError:
        print(
            f"new_env: {path} exists and was left as it is: its keys may be the only ones that "
            "can read the stored tokens. Move it away first if you want a new one.",
            file=sys.stderr,
        )
        return 1
    except (OSError, ValueError) as error:
        print(f"new_env: {error}", file=sys.stderr)
        return 1
    print(f"new_env: wrote {path} with a new SECRET_KEY and FERNET_KEYS. Keep a copy of the keys.")
    return 0
