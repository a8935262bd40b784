"""The healer's settings about mail belong together, and an empty variable is an unset one."""

from pathlib import Path

import pytest

from services.healer.settings import HealerSettings
from shared.runtime.settings import SettingsError, load


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env of the checkout


def test_without_any_of_them_there_is_no_mail() -> None:
    assert load(HealerSettings).smtp_host is None


def test_what_compose_hands_on_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "USER", "PASSWORD", "FROM"):
        monkeypatch.setenv(f"TACT_SMTP_{name}", "")
    settings = load(HealerSettings)
    assert (settings.smtp_host, settings.smtp_user, settings.smtp_password, settings.smtp_from) == (None, None, None, None)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"HOST": "mail.example.com"}, "say whom the mails are from"),
        ({"HOST": "mail.example.com", "FROM": "tact@example.com", "USER": "tact"}, "set both or neither"),
        ({"FROM": "Tact <tact@example.com>"}, "one alone"),
        ({"PORT": "0"}, "TACT_SMTP_PORT"),
    ],
)
def test_half_a_mail_server_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], why: str) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"TACT_SMTP_{name}", value)
    with pytest.raises(SettingsError, match=why):
        load(HealerSettings)


def test_a_password_is_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACT_SMTP_PASSWORD", "hidden-word")
    with pytest.raises(SettingsError) as error:
        load(HealerSettings)
    assert "hidden-word" not in str(error.value)
