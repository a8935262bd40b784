"""Settings every service has. Each service adds its own in its settings.py; they are handed in, never imported."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound=BaseSettings)


class SettingsError(Exception):
    """A setting is missing or wrong; the message names the variable and what to do."""


BROKER: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:,\[\]/]+)(:\d{1,5})?")


def checked_brokers(text: str) -> str:
    """The same text, which names one broker or several.

    Raises:
        ValueError: it does not; aiokafka would look for such hosts for as long as it is let.
    """
    if not all(BROKER.fullmatch(each.strip()) for each in text.split(",")):
        raise ValueError(f"{text!r} is no list of brokers. Write host:port, several with commas between: kafka-1:9092,kafka-2:9092.")
    return text


class ServiceSettings(BaseSettings):
    """Read from `TACT_…` variables and a `.env` file."""

    model_config = SettingsConfigDict(env_prefix="TACT_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    database_url: str = Field(
        default="postgresql://127.0.0.1:5432/tact", description="PostgreSQL 15 or newer. Without it nothing runs: it holds the truth."
    )
    database_role: str | None = Field(
        default=None,
        description="Role taken on after connecting; by default the service's own. Empty: stay as logged in.",
    )
    database_pool: int = Field(default=10, ge=2, le=200, description="Connections a process may hold.")
    kafka: Annotated[str, AfterValidator(checked_brokers)] = Field(
        default="127.0.0.1:9092", description="Bootstrap servers of Kafka 3.7 or newer, comma separated."
    )
    host: str = Field(default="127.0.0.1", description="Address the service's HTTP listens on; 0.0.0.0 in a container.")
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    log_format: str = Field(default="json", pattern="^(json|console)$")
    pod_name: str | None = Field(
        default=None, description="Set only where pods keep their names (a StatefulSet): it becomes the static member id in Kafka."
    )
    throw_away: bool = Field(
        default=False,
        description="True only where the database is thrown away after use (tests): then it may run without fsync, and a new stack adopts "
        "itself even when other stacks wrote to the same Kafka. Anywhere else a power cut or a mix-up would send twice.",
    )
    version: str | None = Field(
        default=None,
        max_length=100,
        description="What runs here, such as an image's tag or a commit; the prediction of corruption compares versions by it. Unset: the "
        "version of the installed package.",
    )
    stop_deadline: timedelta = Field(
        default=timedelta(seconds=25), description="A stop is over by then, finished or not; keep it below the pod's grace period."
    )
    clock_skew: timedelta = Field(
        default=timedelta(0),
        description="Drills only: how wrong this process's idea of the time is, as on a host whose clock has drifted. Leave it at 0.",
    )
    patience: timedelta = Field(
        default=timedelta(seconds=60), description="How long a starting service waits for its database and broker before it gives up."
    )
    cron_secret: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("TACT_CRON_SECRET", "CRON_SECRET"),
        description="What callers of /api/cron/... send as x-cron-secret. Unset: those routes refuse every caller.",
    )


class TimeoutSettings(BaseSettings):
    """How long a call to the provider may take; planner and explanations subtract it as well."""

    model_config = SettingsConfigDict(env_prefix="TACT_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    unipile_timeout: timedelta = Field(
        default=timedelta(seconds=20), description="Longest a call may take; a write that passes it is unknown and looked up."
    )


class DecisionSettings(BaseSettings):
    """How old a decision of the sender may get; the healer waits as long before it takes a lost stack's calls for ended."""

    model_config = SettingsConfigDict(env_prefix="TACT_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    sender_act_within: timedelta = Field(
        default=timedelta(seconds=10),
        gt=timedelta(0),
        le=timedelta(seconds=60),
        description="A call that has not begun so long after its decision is released and decided anew.",
    )


class CallSettings(TimeoutSettings):
    """How much the sender keeps free before a window ends; the queuer's explanations subtract the same."""

    sender_call_time: timedelta = Field(
        default=timedelta(seconds=1),
        description="In a fast stack: real time kept free before a window ends, so that no call ends outside it.",
    )


class ProviderSettings(TimeoutSettings):
    """How to reach Unipile; the sender, poller and healer have these too."""

    unipile_url: str = Field(
        default="http://127.0.0.1:3080",
        validation_alias=AliasChoices("TACT_UNIPILE_URL", "UNIPILE_DSN"),
        description="https://api8.unipile.com:13443, or the bare DSN.",
    )
    unipile_api_key: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("TACT_UNIPILE_API_KEY", "UNIPILE_API_KEY"),
        description="The tenant's access token: one key sees all accounts.",
    )
    unipile_connections: int = Field(default=512, ge=1, le=10_000, description="Open calls at once.")


def load(cls: type[S], **given: Any) -> S:
    """Read `cls` from the environment.

    Raises:
        SettingsError: one line per wrong setting, with its variable's name.
    """
    try:
        return cls(**given)
    except ValidationError as error:
        wrong = "; ".join(_sentence(e["loc"], e["msg"], e["input"]) for e in error.errors())
        raise SettingsError(f"Settings are wrong: {wrong}") from None


def _sentence(loc: tuple[int | str, ...], why: str, given: object) -> str:
    # What settings contradict each other has no variable of its own, and its input is all of them, secrets included.
    why = why.removeprefix("Value error, ")
    return f"TACT_{str(loc[0]).upper().removeprefix('TACT_')}: {why} (got {given!r})" if loc else why


def state_folder() -> Path:
    """Where the embedded stack and the command line keep what they write: `build` unless TACT_BUILD_DIR says otherwise."""
    return Path(os.environ.get("TACT_BUILD_DIR", "build"))
