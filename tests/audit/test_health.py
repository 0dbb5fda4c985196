"""Whether all is well is read off the work that should be done, never off a process that runs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ, Schedule

from audit import doctor
from audit.models import Posting
from audit.states import State
from audit.tasks import ensure_tick
from connectors.clock import database_now
from mappings.models import Flow
from tests.audit.builders import a_connection, a_flow, a_person, a_read_report, finished
from tests.audit.builders import a_posting as built

pytestmark = pytest.mark.django_db
OVERDUE = timedelta(minutes=20)


@pytest.fixture
def boss() -> Client:
    client = Client()
    client.force_login(a_person("boss", is_superuser=True))
    return client


@pytest.fixture
def flow() -> Flow:
    return a_flow(a_connection(name="Acme US"), name="Acme US bills")


def waiting(flow: Flow, since: timedelta = OVERDUE) -> Posting:
    posting = finished(built(a_read_report(flow), State.READY))
    Posting.objects.filter(pk=posting.pk).update(state_at=database_now() - since)
    return posting


def verdict() -> tuple[str, str]:
    found = next(one for one in doctor.examine(is_quick=True) if one.name == "Posting")
    return found.verdict.value, found.text


def home(boss: Client) -> str:
    return boss.get(reverse("admin:index")).content.decode().replace("\N{NO-BREAK SPACE}", " ")


def test_a_cluster_that_ticks_and_sends_nothing_is_told_by_the_oldest_posting(boss, flow) -> None:
    ensure_tick()
    Schedule.objects.update(next_run=database_now() + timedelta(seconds=30))
    posting = waiting(flow)
    assert verdict() == ("wrong", "1 document due, the oldest for 20 minutes")
    assert "Waiting longest to be sent" in home(boss) and posting.report.report_id in home(boss)


def test_no_cluster_and_an_empty_queue_are_no_trouble_while_nothing_waits(boss, flow) -> None:
    Schedule.objects.all().delete()
    OrmQ.objects.all().delete()
    assert verdict() == ("ok", "nothing is due")
    assert "Waiting longest to be sent" not in home(boss)


def test_what_a_paused_flow_keeps_back_waits_for_nobody(boss, flow) -> None:
    waiting(flow)
    Flow.objects.update(is_paused=True)
    assert verdict() == ("ok", "nothing is due")
    assert "Waiting longest to be sent" not in home(boss)
