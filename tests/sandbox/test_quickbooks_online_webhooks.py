"""QuickBooks Online in the sandbox: webhooks."""

import base64
import hashlib
import hmac
import http.server
import json
import threading

import pytest

from tests.sandbox.quickbooks_calls import REALM, TOKEN


class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append((self.headers["intuit-signature"], body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        return


@pytest.fixture
def listener():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    server.seen, server.status = [], 200
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def signed(body):
    return base64.b64encode(hmac.new(TOKEN.encode(), body, hashlib.sha256).digest()).decode()


def test_the_signature_is_that_of_the_published_vector():
    from connectors.sandbox.quickbooks_online.hooks import signature

    body = (
        '[{"specversion":"1.0","id":"5f0c1c1e-0d5e-4f54-9b0a-6d7c4a1f2b33",'
        '"source":"intuit.c2ltdWxhdG9yLXNvdXJjZQ==","type":"qbo.bill.updated.v1",'
        '"datacontenttype":"application/json","time":"2026-11-02T09:15:30.123Z",'
        '"intuitentityid":"1207","intuitaccountid":"9341450000000001","data":{}}]'
    )
    assert signature(body.encode(), TOKEN) == "8XRHnRSeE6Yy/KYP1ufX45rcKQE4pLZtc36o8rudzcM="


def test_a_delivery_is_signed_and_carries_what_happened(books, listener):
    books.control(
        "subscriptions", {"url": listener.url, "verifier_token": TOKEN, "entities": ["Bill"]}
    )
    bill = books.post("bill", books.bill())
    books.post("bill", books.bill(Id=bill["Id"], SyncToken="0"))
    books.post("bill", {"Id": bill["Id"], "SyncToken": "1"}, operation="delete")
    [sent] = books.control("deliver", {})
    assert sent["attempts"][0]["status"] == 200
    [(signature, body)] = listener.seen
    assert signature == signed(body)
    events = json.loads(body)
    assert [one["type"] for one in events] == [
        "qbo.bill.created.v1",
        "qbo.bill.updated.v1",
        "qbo.bill.deleted.v1",
    ]
    assert {one["intuitaccountid"] for one in events} == {REALM}
    assert books.control("deliver", {}) == []


def test_the_legacy_body_is_there_too(books, listener):
    books.control("subscriptions", {"url": listener.url, "format": "legacy", "entities": ["Bill"]})
    bill = books.post("bill", books.bill())
    books.control("deliver", {})
    [note] = json.loads(listener.seen[0][1])["eventNotifications"]
    assert note["realmId"] == REALM
    entity = note["dataChangeEvent"]["entities"][0]
    assert (entity["name"], entity["id"], entity["operation"]) == ("Bill", bill["Id"], "Create")


def test_replay_mutate_hold_and_release(books, listener):
    books.control("subscriptions", {"url": listener.url, "verifier_token": TOKEN})
    books.post("bill", books.bill())
    [first] = books.control("deliver", {})
    books.control("deliver", {"action": "replay", "id": first["id"]})
    books.control("deliver", {"action": "mutate", "id": first["id"], "body": "[]"})
    one, two, three = listener.seen
    assert one == two
    assert (three[0], three[1]) == (one[0], b"[]")
    books.control("deliver", {"action": "hold"})
    books.post("bill", books.bill())
    assert books.control("deliver", {}) == []
    assert [d["held"] for d in books.control("deliveries")] == [False, False, True]
    assert len(books.control("deliver", {"action": "release"})) == 1
    assert len(listener.seen) == 4


def test_a_receiver_that_fails_is_noted(books, listener):
    listener.status = 500
    books.control("subscriptions", {"url": listener.url})
    books.post("bill", books.bill())
    [sent] = books.control("deliver", {})
    assert sent["attempts"][0]["status"] == 500
    books.control("subscriptions", {"url": "http://127.0.0.1:1/gone"})
    books.post("bill", books.bill())
    gone = [d for d in books.control("deliver", {}) if d["url"].endswith("gone")]
    assert gone[0]["attempts"][0]["status"] is None
