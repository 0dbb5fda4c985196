"""The template against the real FreeMarker (where it is installed), and against the reader."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from connectors.expensify.shape import unknown_keys
from connectors.expensify.template import template_text
from tests.expensify.made import TWO_REPORTS

HERE = Path(__file__).parent
JAR = Path("/usr/share/java/freemarker.jar")
TEMPLATE = HERE.parents[1] / "connectors" / "expensify" / "template.ftl"


@pytest.mark.skipif(
    not (shutil.which("java") and JAR.exists()), reason="needs Java and libfreemarker-java"
)
def test_freemarker_prints_the_lines_that_the_other_tests_read():
    command = ["java", "-cp", JAR, HERE / "Render.java", TEMPLATE, HERE / "two_reports.model.json"]
    printed = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert printed.stdout == TWO_REPORTS


def test_the_template_prints_no_member_that_the_reader_does_not_know():
    printed = set(re.findall(r'"(\w+)":', template_text()))
    assert len(printed) > 80
    nested = "end reports expenses"  # the end line's own
    shape = re.findall(r"\w+", Path(unknown_keys.__code__.co_filename).read_text() + nested)
    assert printed <= set(shape)


def test_the_template_travels_without_comments():
    assert "<#--" not in template_text()
