"""What holds for the contract as a whole: pure, and made of values."""

import ast
import importlib
import pkgutil
import sys
from dataclasses import is_dataclass
from pathlib import Path

import pytest

from connectors import contract

MODULES = [
    f"connectors.contract.{module.name}" for module in pkgutil.iter_modules(contract.__path__)
]


def imported_by(name: str) -> set[str]:
    tree = ast.parse(Path(importlib.import_module(name).__file__).read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(f"{'.' * node.level}{node.module or ''}")
    return found


@pytest.mark.parametrize("name", MODULES)
def test_the_contract_needs_the_standard_library_alone(name):
    strangers = {
        imported
        for imported in imported_by(name)
        if imported.partition(".")[0] not in sys.stdlib_module_names
        and not imported.startswith("connectors.contract")
    }
    assert strangers == set()


@pytest.mark.parametrize("name", MODULES)
def test_every_value_of_the_contract_is_immutable(name):
    module = importlib.import_module(name)
    values = [
        member
        for member in vars(module).values()
        if isinstance(member, type) and is_dataclass(member) and member.__module__ == name
    ]
    loose = [value.__name__ for value in values if not value.__dataclass_params__.frozen]
    assert loose == []
