"""Documents as YAML: what reads them back gets the same values."""

import json
from typing import Any

import pytest

from cli.yaml import to_yaml


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([], "[]\n"),
        ({}, "{}\n"),
        ({"a": [], "b": {}, "c": None}, "a: []\nb: {}\nc: null\n"),
        ([{"id": 1, "name": "Ann"}, {"id": 2, "name": "no"}], '- id: 1\n  name: Ann\n- id: 2\n  name: "no"\n'),
        ({"at": "2026-03-10T15:00:00Z", "rate": 0.5, "on": True}, 'at: "2026-03-10T15:00:00Z"\nrate: 0.5\n"on": true\n'),
        ([["a", 1], []], "- - a\n  - 1\n- []\n"),
        ("two\nlines: x", '"two\\nlines: x"\n'),
    ],
)
def test_a_document_is_block_style_and_every_doubtful_string_is_quoted(value: Any, text: str) -> None:
    assert to_yaml(value) == text


@pytest.mark.parametrize("text", ["", " a", "a ", "- a", "true", "NULL", "12", "1e3", "0x1f", "a: b", "a #b", "=", "&x", "İ", "2026-03-10"])
def test_a_string_that_could_be_read_as_another_value_is_a_json_string(text: str) -> None:
    assert to_yaml(text) == json.dumps(text, ensure_ascii=False) + "\n"
