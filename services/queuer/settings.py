"""The queuer's settings."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.notices.settings import NoticeSettings
from shared.runtime.settings import CallSettings, ServiceSettings


class PlanningSettings(BaseSettings):
    """What decides over a plan; a dry run of a replay reads it as well."""

    model_config = SettingsConfigDict(env_prefix="TACT_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    recipients_stay_fresh: timedelta = Field(
        default=timedelta(days=30), description="A profile looked up longer ago is looked up again before a message leaves for the person."
    )


class QueuerSettings(ServiceSettings, CallSettings, NoticeSettings, PlanningSettings):
    """See also ServiceSettings, CallSettings, NoticeSettings and PlanningSettings."""

    queuer_port: int = Field(
        default=8081, ge=1, le=65_535, description="Where the campaigns' API, /livez, /readyz and /metrics are served."
    )
    planning_batch: int = Field(
        default=500, ge=1, le=5_000, description="Prospects planned in one transaction; their accounts cannot be dispatched meanwhile."
    )
    planning_every: timedelta = Field(
        default=timedelta(seconds=2), description="How often running campaigns are searched for prospects without a planned send."
    )
    dispatch_batch: int = Field(default=500, ge=1, le=5_000, description="Accounts looked at in one transaction.")
    dispatch_every: timedelta = Field(default=timedelta(milliseconds=250), description="How long a due send may wait for the next look.")
    dispatch_unanswered: int = Field(
        default=20_000,
        ge=1,
        description="Dispatching pauses while so many wait for a sender: the topic lags, and leases would run out in it.",
    )
    dispatch_lease: timedelta = Field(
        default=timedelta(seconds=30),
        description="How long a sender may take to begin a dispatched send; then it is dispatched again, with twice the time.",
    )
    dispatch_longest_lease: timedelta = Field(default=timedelta(minutes=10), description="Where the doubling ends.")
    queue_wait: timedelta = Field(
        default=timedelta(seconds=20),
        ge=timedelta(0),
        le=timedelta(minutes=5),
        description="How long process-send-queue waits for what it handed out, and queue-pending-prospects plans; then it answers.",
    )
    sweep_every: timedelta = Field(default=timedelta(seconds=2), description="How often leases that ran out are taken back.")
    hand_over_after: timedelta = Field(
        default=timedelta(hours=24),
        ge=timedelta(0),
        description="Business time an account must have been disconnected before others of its campaigns get the people it has not "
        "written to. Sessions are lost and come back within hours; 0: at once.",
    )
    hand_over_every: timedelta = Field(default=timedelta(minutes=1), description="How often accounts that are gone are looked for.")
    forgotten_every: timedelta = Field(
        default=timedelta(seconds=15),
        description="How often a batch of accounts and of people under way is looked through for what no event will move on.",
    )
    fold_every: timedelta = Field(default=timedelta(seconds=2), description="How far campaigns' counters may lag behind.")
    leap_every: timedelta = Field(
        default=timedelta(seconds=30), description="Business time between two looks whether the clock may leap; only in a stack that leaps."
    )
    leap_quiet: timedelta = Field(
        default=timedelta(milliseconds=150), description="Real time nothing must have happened before a leap: an answer may be in Kafka."
    )
