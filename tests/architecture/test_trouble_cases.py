"""tests/cases/unitkit.py calls the product under its names of today.

`unitkit.play` counts an import that fails as a failed case, so a rename would not be noticed there. Here each check runs once on an
input that the product reads correctly, outside `play`: a function that is gone or has another signature raises.
"""

import ast
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

unitkit: Any = importlib.import_module("tests.cases.unitkit")  # a copy of untyped checks

CHECKED = {
    "good_address_beside": lambda: unitkit.good_address_beside("Company", "Acme"),
    "address_stays": lambda: unitkit.address_stays(unitkit.U + "ana-nunez", "ana-nunez"),
    "address_is": lambda: unitkit.address_is(unitkit.U + "ana-nunez", "in:ana-nunez"),
    "names_survive": lambda: unitkit.names_survive(
        unitkit.table(["First Name", "Last Name", "URL"], [["Ada", "Probe", unitkit.U + "ada-probe-77"]]), [("Ada", "Probe")]
    ),
    "template_stays": lambda: unitkit.template_stays("Hi {firstName|there}, shall we?", "Hi Ada, shall we?"),
    "value_stays": lambda: unitkit.value_stays("Bo"),
    "entities_are_read": lambda: unitkit.entities_are_read("Acme", "Acme"),
    "person_is": lambda: unitkit.person_is(("Anna", "Testova"), ("Berta", "Andersova"), wanted=False),
    "greeted": lambda: unitkit.greeted("Full Name", "Mary-Ann van der Berg", ["Mary-Ann"]),
    "reply_is": lambda: unitkit.reply_is("STOP", "opt_out"),
    "zone_is": lambda: unitkit.zone_is(["Location"], ["Berlin, Germany"], "Europe/Berlin"),
    "page_is_read": lambda: unitkit.page_is_read(text="Hello"),
    "group_answers_nobody": lambda: unitkit.group_answers_nobody(1),
    "not_found_concerns": lambda: unitkit.not_found_concerns("Account not found", "account"),
    "title_is": lambda: unitkit.title_is(["Job Title"], ["CTO"], "CTO"),
}


@pytest.mark.parametrize("check", CHECKED.values(), ids=CHECKED)
def test_each_check_runs_against_the_product(check: Callable[[], str | None]) -> None:
    assert check() is None


def test_every_name_of_the_product_that_the_checks_import_exists() -> None:
    tree = ast.parse(Path(unitkit.__file__).read_text(encoding="utf-8"))
    imports = [
        node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("services", "shared"))
    ]
    missing = [
        f"{node.module}.{alias.name}"
        for node in imports
        for alias in node.names
        if not hasattr(importlib.import_module(node.module or ""), alias.name)
    ]
    assert imports
    assert not missing


def test_the_help_of_the_import_command_has_an_example_of_a_column() -> None:
    assert any("='Profil-Adresse'" in file.read_text(encoding="utf-8") for file in Path("cli").rglob("*.py"))
