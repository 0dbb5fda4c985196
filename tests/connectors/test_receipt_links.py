"""Where the file behind a receipt's link may be fetched from."""

import pytest

from connectors import opening
from connectors.contract.transport import Unreachable
from tests.connectors.servers import raw_server, read_request


@pytest.mark.parametrize(
    "address",
    [
        "",
        "w_9f.jpg",
        "http://169.254.169.254/latest/meta-data",
        "http://intranet/receipts/w_9f.jpg",
        "https://ann:secret@www.expensify.com/receipts/w_9f.jpg",
        "file:///etc/passwd",
        "ftp://www.expensify.com/w_9f.jpg",
        "http://[",
    ],
)
@pytest.mark.parametrize("sandbox", ["", "http://127.0.0.1:8000"])
def test_an_address_that_came_with_a_report_must_not_lead_into_this_network(
    settings, address: str, sandbox: str
) -> None:
    settings.SANDBOX_URL = sandbox
    with pytest.raises(Unreachable, match="no address that files are fetched from"):
        opening.fetch_receipt(address, 1000)


def test_our_own_sandbox_may_be_asked_and_hears_no_credential(settings) -> None:
    seen: list[bytes] = []

    def script(peer) -> None:
        seen.append(read_request(peer))
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with raw_server(script) as url:
        settings.SANDBOX_URL = url
        answer = opening.fetch_receipt(f"{url}/expensify/receipts/w_9f.jpg?signature=1", 1000)
    assert answer.body == b"ok"
    assert seen[0].startswith(b"GET /expensify/receipts/w_9f.jpg?signature=1 HTTP/1.1")
    assert b"authorization" not in seen[0].lower()
