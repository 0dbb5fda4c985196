"""The tools around the code: the arrows between the rooms, the goals of make, the environment."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = ["config", "qbwc", "audit", "mappings", "connectors"]
CONTRACTS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]


def named(contract: dict) -> set[str]:
    """The modules of ours that a contract is about."""
    lists = (contract.get(key, []) for key in ("source_modules", "forbidden_modules", "modules"))
    names = {name for names in lists for name in names}
    return {name for name in names if name.split(".")[0] in ROOMS and "*" not in name}


def lint(folder: Path, **modules: str) -> str:
    """What import-linter says about empty rooms with these modules (dots as `__`) in them.

    The modules that contracts name are there too, as empty ones.
    """
    shutil.copy(PROJECT / "pyproject.toml", folder)
    sources = dict.fromkeys(set(ROOMS).union(*map(named, CONTRACTS)), "") | {
        name.replace("__", "."): code for name, code in modules.items()
    }
    packages = {*ROOMS, "connectors.contract", "connectors.expensify", "connectors.ledgers"}
    for name in sources:
        parts = name.split(".")
        packages |= {".".join(parts[:depth]) for depth in range(1, len(parts))}
    for name in sorted(packages):
        (folder / name.replace(".", "/")).mkdir(parents=True, exist_ok=True)
        (folder / name.replace(".", "/") / "__init__.py").touch()
    for name, code in sources.items():
        if name not in packages:
            (folder / (name.replace(".", "/") + ".py")).write_text(code + "\n")
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return run.stdout + run.stderr


@pytest.mark.parametrize(
    ("modules", "broken"),
    [
        ({"mappings__services": "import audit"}, "Rooms: imports point down"),
        ({"connectors__contract__money": "import django"}, "The contract is pure"),
        ({"mappings__build": "from django.db import models"}, "The middle is pure"),
        ({"mappings__rulebook": "import random"}, "The middle is pure"),
        (
            {"mappings__models": "import django", "mappings__tax": "from mappings import models"},
            "The middle is pure",
        ),
        ({"connectors__http": "from django.conf import settings"}, "Adapters and http"),
        ({"connectors__expensify__client": "import django"}, "Adapters and http"),
        ({"connectors__ledgers__xero__client": "import environ"}, "Adapters and http"),
        (
            {
                "connectors__expensify__parse": "",
                "connectors__ledgers__xero__client": "from connectors.expensify import parse",
            },
            "Adapters are independent",
        ),
        (
            {
                "connectors__ledgers__xero__client": "",
                "connectors__ledgers__exact__client": "from connectors.ledgers.xero import client",
            },
            "Adapters are independent",
        ),
        (
            {
                "connectors__contract__money": "",
                "connectors__sandbox__wire": "from connectors.contract import money",
            },
            "The sandbox imports nothing of ours",
        ),
        (
            {
                "connectors__sandbox__wire": "",
                "connectors__ledgers__xero__client": "from connectors.sandbox import wire",
            },
            "Adapters and sandbox share no constant",
        ),
        ({"audit__admin": "from unfold.admin import ModelAdmin"}, "The admin theme has one door"),
    ],
    ids=lambda case: next(reversed(case)) if isinstance(case, dict) else case.split(":")[0],
)
def test_an_arrow_that_points_wrong_breaks_its_contract(tmp_path, modules, broken):
    said = lint(tmp_path, **modules)
    assert re.search(rf"^{re.escape(broken)}.* BROKEN", said, re.MULTILINE), said


def test_the_one_door_to_the_theme_is_open(tmp_path):
    said = lint(
        tmp_path,
        connectors__admin_base="from unfold.admin import ModelAdmin",
        audit__admin="from connectors.admin_base import ModelAdmin",
    )
    assert "0 broken" in said, said


def test_every_module_of_mappings_that_is_pure_is_held_to_it():
    (pure,) = (one for one in CONTRACTS if one["name"].startswith("The middle is pure"))
    graph = grimp.build_graph(*ROOMS, include_external_packages=True, cache_dir=None)
    outside = set(pure["forbidden_modules"])
    names = [f"mappings.{module.stem}" for module in (PROJECT / "mappings").glob("[a-z]*.py")]
    found = {name for name in names if not graph.find_upstream_modules(name) & outside}
    assert found == set(pure["source_modules"])


def test_every_folder_of_code_is_a_package():
    """import-linter doesn't look into a folder without an __init__.py, and says nothing."""
    rooms = [PROJECT / room for room in ("config", "qbwc", "audit", "mappings", "connectors")]
    folders = {module.parent for room in rooms for module in room.rglob("*.py")}
    assert sorted(str(f) for f in folders if not (f / "__init__.py").exists()) == []


def test_make_without_a_goal_explains_every_goal():
    makefile = (PROJECT / "Makefile").read_text()
    goals = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    said = subprocess.run(
        ["make", "--no-print-directory"], cwd=PROJECT, capture_output=True, text=True, timeout=60
    ).stdout
    assert [row.split()[1] for row in said.splitlines()] == goals


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("echo 3.9", "is Python 3.9; 3.11, 3.12 or 3.13 is needed"),
        ("echo 3.14", "is Python 3.14; 3.11, 3.12 or 3.13 is needed"),
        ("exit 127", "does not start"),
        ('case "$2" in *ensurepip*) exit 1;; *) echo 3.12;; esac', "apt install python3.12-venv"),
    ],
    ids=["too old", "too new", "does not start", "no venv module"],
)
def test_make_env_says_which_python_it_needs(tmp_path, answer, said):
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\n{answer}\n")
    fake.chmod(0o755)
    run = subprocess.run(
        ["sh", "requirements/build_env.sh", tmp_path / "venv", fake],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 1
    assert said in run.stderr
    assert not (tmp_path / "venv").exists()


def test_locked_files_name_no_place_to_fetch_from():
    for name in ("base.txt", "dev.txt"):
        text = (PROJECT / "requirements" / name).read_text()
        assert not re.search(r"^--|://", text, re.MULTILINE)
        pinned = re.findall(r"^[a-z0-9-]+==\S+.*\\$", text, re.MULTILINE)
        assert len(pinned) == len(re.findall(r"^[a-z]", text, re.MULTILINE))
