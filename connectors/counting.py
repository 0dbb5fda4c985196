"""How many of what: for messages of every room."""


def counted(count: int, noun: str) -> str:
    """`1 report`, `1,204 reports`, `2 journal entries`."""
    many = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else many}"
