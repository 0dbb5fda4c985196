"""What the engine adds to an upload of rules: how many reports wait, and the line in the trail."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audit.admin.words import event_text
from audit.models import Event
from mappings import rules_file, services
from mappings.models import Flow
from tests.audit.builders import a_flow, a_held, a_person, a_posted, a_read_report


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(a_person("boss", is_superuser=True))
    return client


def uploaded(boss: Client, flow: Flow, raw: bytes):
    address = reverse("admin:mappings_flow_rules", args=[flow.pk])
    return boss.post(address, {"file": SimpleUploadedFile("october.csv", raw)})


def test_a_preview_says_how_many_reports_are_held(boss: Client) -> None:
    flow, other = a_flow(), a_flow()
    for _ in range(2):
        a_held(a_read_report(flow))
    a_posted(a_read_report(flow))
    a_held(a_read_report(other))
    page = uploaded(boss, flow, rules_file.exported(flow)).content.decode()
    link = re.search(r'href="([^"]*/held/[^"]*)">2 \(36\.80 USD\)</a>, built again', page)
    assert link, page
    assert len(boss.get(link[1]).context["cl"].result_list) == 2


def test_the_trail_says_what_an_upload_changed(boss: Client) -> None:
    flow = a_flow()
    services.save_rule(flow=flow, category="Taxi", note="old")
    shown = uploaded(boss, flow, rules_file.exported(flow).replace(b"old", b"new"))
    assert "none" in shown.content.decode()
    boss.post(shown.request["PATH_INFO"], dict(shown.context["hidden"]))
    event = Event.objects.get(kind="rules.imported")
    assert event_text(event) == "Rules from file october.csv: 0 added, 1 changed, 0 removed."
    assert event.actor == "boss"
    assert event.facts["changes"][0].endswith('changed (category "Taxi"): Note old -> new')
