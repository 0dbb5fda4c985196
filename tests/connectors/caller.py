"""Callers of one credential, in a process of their own."""

import threading
from typing import Any

from django.db import connections

from connectors import oauth
from connectors.models import Credential


def call(pk: int, threads: int, all_ready: Any, got: Any) -> None:
    """Ask for a token on so many threads at once; what each got goes into the queue `got`.

    all_ready  a barrier that the callers of all processes wait at
    """
    credential = Credential.objects.get(pk=pk)

    def ask() -> None:
        all_ready.wait(60)
        try:
            got.put(oauth.fresh_token(credential))
        except Exception as failure:
            got.put(f"{type(failure).__name__}: {failure}")
        finally:
            connections.close_all()

    callers = [threading.Thread(target=ask) for _ in range(threads)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
