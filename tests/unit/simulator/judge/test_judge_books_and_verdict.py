"""The ledger against the log, broken logs, and what the judge prints."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from simulator.judge import KINDS, LedgerEntry, LogError, RuleError, judge
from simulator.judge.__main__ import main
from tests.unit.simulator.judge.judge_log import Story, hours, rule

BERLIN = rule()


def row(
    action: str = "invitation", to: str = "ACoana", ref: str | None = "invitation-1", text: str | None = None, by: str = "acc-berlin"
) -> LedgerEntry:
    return LedgerEntry(action=action, account_id=by, recipient=to, provider_ref=ref, text=text)


def test_a_send_that_stands_in_both_books_once_is_in_order() -> None:
    verdict = judge(Story().call("invitation").lines, accounts=[BERLIN], ledger=[row(text="Hello ana")])
    assert verdict.ok
    assert (verdict.ledger_not_in_log, verdict.log_not_in_ledger) == (0, 0)


def test_a_row_that_left_no_trace_and_a_send_without_row_are_both_found() -> None:
    verdict = judge(Story().call("invitation").lines, accounts=[BERLIN], ledger=[row(to="ACoben", ref="invitation-9")])
    assert (verdict.ledger_not_in_log, verdict.log_not_in_ledger) == (1, 1)
    assert verdict.violations["ledger_not_in_log"] == 1
    assert verdict.violations["log_not_in_ledger"] == 1


def test_two_sends_with_one_row_leave_one_send_over() -> None:
    story = Story().call("message").call("message", after_s=200)
    verdict = judge(story.lines, accounts=[BERLIN], ledger=[row("message", ref="message-1")])
    assert (verdict.ledger_not_in_log, verdict.log_not_in_ledger) == (0, 1)


def test_two_rows_with_one_reference_leave_one_row_over() -> None:
    verdict = judge(Story().call("invitation").lines, accounts=[BERLIN], ledger=[row(), row()])
    assert (verdict.ledger_not_in_log, verdict.log_not_in_ledger) == (1, 0)


def test_a_send_without_reference_is_known_by_its_text() -> None:
    story = Story().call("message").call("message", after_s=200, text="Another")
    ledger = [row("message", ref=None, text="Another"), row("message", ref=None, text="Hello ana")]
    assert judge(story.lines, accounts=[BERLIN], ledger=ledger).ok
    wrong = judge(story.lines, accounts=[BERLIN], ledger=[ledger[0], row("message", ref=None, text="Never said")])
    assert (wrong.ledger_not_in_log, wrong.log_not_in_ledger) == (1, 1)


def test_a_row_without_reference_does_not_take_the_send_of_one_with_it() -> None:
    story = Story().call("message", text="Hi").call("message", after_s=200, text="Hi again")
    ledger = [row("message", ref=None), row("message", ref="message-1")]
    assert judge(story.lines, accounts=[BERLIN], ledger=ledger).ok


def test_a_recipient_in_another_spelling_of_the_same_id_is_the_same_person() -> None:
    assert judge(Story().call("invitation").lines, accounts=[BERLIN], ledger=[row(to="ADoana")]).ok


def test_a_row_that_agrees_in_its_reference_only_is_found() -> None:
    story = Story().call("invitation")
    assert judge(story.lines, accounts=[BERLIN], ledger=[row(to="ACoben")]).violations["ledger_differs"] == 1
    assert judge(story.lines, accounts=[BERLIN], ledger=[row(text="Hallo ana")]).violations["ledger_differs"] == 1


def test_a_refused_send_belongs_in_no_ledger() -> None:
    verdict = judge(Story().refused("invitation", "invalid_recipient").lines, accounts=[BERLIN], ledger=[])
    assert verdict.ok


def test_without_a_ledger_the_verdict_says_that_it_did_not_compare() -> None:
    verdict = judge(Story().call("invitation").lines, accounts=[BERLIN])
    assert verdict.ok
    assert verdict.as_dict()["log_not_in_ledger"] is None
    assert any("No ledger" in note for note in verdict.notes)


@pytest.mark.parametrize("wrong", [{"action": "email"}, {"to": ""}, {"by": ""}])
def test_a_ledger_row_that_names_nothing_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(RuleError):
        row(**wrong)


def test_a_sender_nobody_has_a_rule_for_is_found_and_its_reads_are_not() -> None:
    story = Story().call("read", None, account_id="acc-stranger").call("invitation", after_s=200, account_id="acc-stranger")
    assert judge(story.lines, accounts=[BERLIN]).violations["unknown_account"] == 1
    assert judge(story.lines).ok


def test_the_verdict_counts_per_account_and_local_day_and_names_every_kind() -> None:
    story = Story().call("invitation").call("message", after_s=200).call("message", "ben", after_s=hours(24))
    told = judge(story.lines, accounts=[BERLIN, rule("acc-idle")]).as_dict()
    assert told["per_account"] == {
        "acc-berlin": {"2026-11-24": {"invitation": 1, "message": 1}, "2026-11-25": {"invitation": 0, "message": 1}},
        "acc-idle": {},
    }
    assert (told["ok"], told["sent"], told["invitations"], told["messages"], told["duplicates"]) == (True, 3, 1, 2, 0)
    assert told["violations"] == dict.fromkeys(KINDS, 0)
    assert json.loads(json.dumps(told)) == told


def test_no_more_than_twenty_examples_of_a_kind_are_kept() -> None:
    story = Story()
    for n in range(30):
        story.call("message", text="Hi", after_s=n * 200)
    verdict = judge(story.lines, accounts=[BERLIN])
    assert verdict.violations["duplicate_message"] == 29
    assert len(verdict.examples["duplicate_message"]) == 20


def test_the_tables_fit_in_eighty_columns() -> None:
    story = Story().call("message", text="Hi").call("message", after_s=1, text="Hi")
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(judge(story.lines, accounts=[rule(name="A [bold]name[/] that is rather long for a column")]).table())
    text = console.export_text()
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "[bold]name" in text
    assert "Not done with tact." in text


def written(tmp_path: Path, story: Story, rest: str = "") -> Path:
    path = tmp_path / "simulator.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in story.lines) + rest)
    return path


def test_a_last_line_cut_off_while_it_was_written_is_left_out_with_a_note(tmp_path: Path) -> None:
    verdict = judge(written(tmp_path, Story().call("invitation"), '{"seq":2,"kind":"ca'), accounts=[BERLIN])
    assert verdict.ok
    assert verdict.sent == 1
    assert any("cut off" in note for note in verdict.notes)


@pytest.mark.parametrize("garbage", ["not json", "[]", "null", '{"seq":2,"kind":"call"}', '{"seq":2}', '{"kind":"call","seq":1,"at":7}'])
def test_a_line_that_is_no_entry_spoils_the_evidence(tmp_path: Path, garbage: str) -> None:
    verdict = judge(written(tmp_path, Story().call("invitation"), garbage + "\n"), accounts=[BERLIN])
    assert verdict.violations["unreadable_line"] == 1
    assert "Line 2" in verdict.examples["unreadable_line"][0]


def test_bytes_that_are_no_text_spoil_the_evidence(tmp_path: Path) -> None:
    path = tmp_path / "simulator.jsonl"
    path.write_bytes(b"\xff\xfe\x00\n")
    assert judge(path).violations["unreadable_line"] == 1


def test_an_empty_log_is_judged_and_says_how_little_that_means(tmp_path: Path) -> None:
    verdict = judge(written(tmp_path, Story()), accounts=[BERLIN], ledger=[])
    assert verdict.ok
    assert any("Nothing was sent" in note for note in verdict.notes)


def test_numbers_that_are_missing_are_noted_once() -> None:
    story = Story().call("message").call("message", "ben", after_s=200).call("message", "cem", after_s=400)
    lines = [{**line, "seq": line["seq"] * 5} for line in story.lines]
    verdict = judge(lines, accounts=[BERLIN])
    assert [note for note in verdict.notes if "skips" in note] == [
        "The log skips numbers 2 times, first from line 5 to 10: a selection, or lines are missing."
    ]


def test_a_log_that_is_not_there_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="--log"):
        judge(tmp_path / "nowhere.jsonl")


def test_the_command_answers_by_its_exit_code_and_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accounts = tmp_path / "accounts.json"
    told: dict[str, Any] = {"account_id": "acc-berlin", "timezone": "Europe/Berlin", "country": "DE", "caps": {"invitation": 1}}
    accounts.write_text(json.dumps([told | {"hours": [7, 18], "days_off": ["2026-12-24"]}]))
    ledger = tmp_path / "ledger.json"
    ledger.write_text(
        json.dumps([{"action": "invitation", "account_id": "acc-berlin", "recipient": "ACoana", "provider_ref": "invitation-1"}])
    )
    log = written(tmp_path, Story().call("invitation"))
    assert main([str(log), "--accounts", str(accounts), "--ledger", str(ledger), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    worse = written(tmp_path, Story().call("invitation").call("invitation", "ben", after_s=1))
    assert main([str(worse), "--accounts", str(accounts), "--ledger", str(ledger)]) == 1
    assert "Not done with tact." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read"),
        ("{", "not valid JSON"),
        ("{}", "must hold a JSON list"),
        ("[3]", "is a JSON object"),
        ("[{}]", "lacks account_id, timezone, country"),
        ('[{"account_id":"a","timezone":"UTC","country":"DE","zone":1}]', "knows no zone"),
        ('[{"account_id":"a","timezone":"UTC","country":"DE","hours":7}]', "Account a"),
        ('[{"account_id":"a","timezone":"UTC","country":"DE","hours":["x",7]}]', "Account a"),
        ('[{"account_id":"a","timezone":"UTC","country":"DE","days_off":["soon"]}]', "Account a"),
        ('[{"account_id":"a","timezone":"UTC","country":"DE","caps":{"invitation":"many"}}]', "Account a"),
        ('[{"account_id":"a","timezone":"UTC","country":"DE","caps":5}]', "Account a"),
        ('[{"account_id":"a","timezone":7,"country":"DE"}]', "Account a"),
        ('[{"account_id":"a","timezone":"UTC","country":7}]', "Account a"),
    ],
)
def test_a_wrong_accounts_file_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, sentence: str
) -> None:
    accounts = tmp_path / "accounts.json"
    if content is not None:
        accounts.write_text(content)
    assert main([str(written(tmp_path, Story())), "--accounts", str(accounts)]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said


def test_a_withdrawal_stands_in_both_books_like_a_send() -> None:
    story = Story().call("withdrawal", effect=True, effect_id="withdrawal-1")
    assert judge(story.lines, accounts=[BERLIN], ledger=[row("withdrawal", ref="withdrawal-1", text="")]).ok
    assert judge(story.lines, accounts=[BERLIN], ledger=[]).log_not_in_ledger == 1
