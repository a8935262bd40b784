"""Names, addresses and slips at the prompt hold brackets and colons: they are printed, and are never taken for markup."""

from io import StringIO

import pytest

from cli import console
from tests.support.commands import tact

NAME = "Ann [/sales] [bold] :house:"


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What the commands' two consoles print."""
    file = StringIO()
    for each in (console.out.made, console.err.made):
        # The private names: undoing "file" would pin the console to the standard output of this one test.
        monkeypatch.setattr(each, "_file", file)
        monkeypatch.setattr(each, "_width", 80)
    return file


def test_a_name_with_brackets_stands_in_tables_lines_and_errors_as_it_was_written(printed: StringIO) -> None:
    console.show([{"name": NAME}], title="accounts", as_json=False)
    console.out.print(f"{NAME} is paused.")
    console.say(f"reading {NAME}")
    console.console_error(f"There is no account '{NAME}'.")
    assert printed.getvalue().count(NAME) == 4


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("replay", "[/x]", "--from", "beginning"), "tact: There is no topic '[/x]'."),
        (("replay", "sends.due", "--from", "[/x]"), "tact: --from '[/x]' is no time."),
        (("prove", "--day", "[/x]"), "tact: --day wants a day like 2026-03-10, not '[/x]'."),
        (("dead-letters", "redrive", "--topic", "", "--fault", "ours", "--apply"), "tact: --topic names nothing."),
        (("replay", "sends.due", "--from", "beginning", "--where", "", "--apply"), "tact: --where '' cannot be read."),
        (("replay", "sends.due", "--from", "beginning", "--to", "", "--apply"), "tact: --to '' is no time."),
        (("replay", "sends.due", "--from", "beginning", "--rate", "", "--apply"), "tact: --rate '' is no rate."),
        (("replay", "sends.due", "--from", "beginning", "--rewind", "", "--apply"), "tact: --rewind names no group"),
        (("prove", "--day", ""), "tact: --day wants a day"),
    ],
)
async def test_a_slip_or_an_empty_variable_of_a_script_ends_in_one_sentence(words: tuple[str, ...], says: str) -> None:
    answer = await tact(*words, env={"TACT_DATABASE_URL": "postgresql://127.0.0.1:1/none", "TACT_KAFKA": "127.0.0.1:1"})
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(says), answer.err


@pytest.mark.parametrize(
    ("env", "code", "says"),
    [
        ({"TACT_KAFKA": "127.0.0.1:1"}, 3, "tact: Kafka could not be reached"),
        ({"TACT_KAFKA": "kafka:port"}, 1, "tact: TACT_KAFKA 'kafka:port' is no list of brokers."),
        ({"TACT_KAFKA": "kafka-1:9092;kafka-2:9092"}, 1, "tact: TACT_KAFKA 'kafka-1:9092;kafka-2:9092' is no list of brokers."),
    ],
)
async def test_a_broker_that_is_away_or_misspelt_is_said_in_one_sentence_and_nothing_else(
    env: dict[str, str], code: int, says: str
) -> None:
    words = ("dead-letters", "redrive", "--fault", "ours")
    answer = await tact(*words, env={"TACT_DATABASE_URL": "postgresql://127.0.0.1:1/none", **env})
    assert (answer.code, answer.out, answer.err.count("\n")) == (code, "", 1), answer
    assert answer.err.startswith(says)


async def test_an_address_of_a_database_that_cannot_be_read_is_not_quoted() -> None:
    answer = await tact("admin-token", "ann", env={"TACT_DATABASE_URL": "postgresql://tact:se/cret@db/tact", "TACT_KAFKA": "127.0.0.1:1"})
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1), answer
    assert answer.err.startswith("tact: TACT_DATABASE_URL cannot be read.")
