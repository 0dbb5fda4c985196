"""No transaction may be open while a vendor is on the line: its locks would last as long."""

from django.db import DEFAULT_DB_ALIAS, connections


class TransactionOpen(RuntimeError):
    """A request to a vendor was about to leave from inside a database transaction."""


def no_open_transaction(using: str = DEFAULT_DB_ALIAS) -> None:
    """Raise TransactionOpen when this thread's connection is inside an atomic block of ours.

    Blocks that a test case opened around the whole test are told apart by Django's own mark.
    """
    connection = connections[using]
    if connection.connection is None:
        return  # a thread that carries requests has no business with the database, nor a connection
    ours = [b for b in connection.atomic_blocks if not getattr(b, "_from_testcase", False)]
    # Without autocommit a transaction is open although nobody wrote `atomic`.
    manual = not connection.atomic_blocks and not connection.autocommit
    if ours or manual:
        raise TransactionOpen(
            "a request to a vendor was about to leave while a database transaction is open; "
            "commit first, then call, then store the answer"
        )
