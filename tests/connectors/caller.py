"""Callers of one credential in a process of their own: `python -m tests.connectors.caller PK N`.

Prints `ready`, waits for a line, then asks for a token on N threads at once and prints what each
got. Works on the database and the token endpoint that its environment names.
"""

import sys
import threading

import django


def main(pk: int, count: int) -> None:
    django.setup()
    from django.conf import settings
    from django.db import connections

    from connectors import oauth
    from connectors.models import Credential

    settings.VENDOR_URLS["quickbooks_online"]["token"] = f"{settings.SANDBOX_URL}/token"
    credential = Credential.objects.get(pk=pk)
    start, got = threading.Barrier(count), []

    def ask() -> None:
        start.wait()
        try:
            got.append(oauth.fresh_token(credential))
        except Exception as failure:
            got.append(f"{type(failure).__name__}: {failure}")
        finally:
            connections.close_all()

    print("ready", flush=True)
    sys.stdin.readline()
    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(got), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
