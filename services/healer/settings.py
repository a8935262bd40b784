"""The healer's settings."""

from datetime import timedelta

from pydantic import Field

from shared.notices.settings import NoticeSettings
from shared.runtime.settings import DecisionSettings, ProviderSettings, ServiceSettings


class HealerSettings(ServiceSettings, ProviderSettings, NoticeSettings, DecisionSettings):
    """See also ServiceSettings, ProviderSettings, NoticeSettings and DecisionSettings."""

    healer_port: int = Field(default=8084, ge=1, le=65_535, description="Where /livez, /readyz, /metrics and the admin routes are served.")
    healer_look_every: timedelta = Field(
        default=timedelta(seconds=15),
        description="How often unknown attempts that are due are looked up; while one is open its send waits.",
    )
    healer_find_every: timedelta = Field(
        default=timedelta(milliseconds=250),
        gt=timedelta(0),
        description="How often the indexes of what is wrong are looked at, and the rows that changed; repairs are late by as much.",
    )
    healer_reconcile_every: timedelta = Field(
        default=timedelta(hours=1),
        gt=timedelta(0),
        description="Real time between two walks over everything; rows that came in around the triggers and span tables wait for it.",
    )
    healer_upkeep_every: timedelta = Field(
        default=timedelta(seconds=5),
        description="How often intents, leases and sends of dead processes are sought; an account rests until they are found.",
    )
    healer_stock_every: timedelta = Field(
        default=timedelta(seconds=30), description="How often what is wrong is counted; alerts are late by as much."
    )
    healer_repair_objective: timedelta = Field(
        default=timedelta(seconds=2),
        gt=timedelta(0),
        description="How long a repair may take, from the corruption or the finding on (docs/health.md), where the workspace has no "
        "objective of its own; it is met when 99 % "
        "of the repairs did. Nothing is repaired sooner or later by it.",
    )
    healer_predict_above: float = Field(
        default=5.0,
        gt=0,
        le=100,
        description="Expected rate of corruption, in percent of a campaign's sends, above which people are alerted; only a prediction that "
        "passed its test raises an alert.",
    )
    healer_de_enroll_every: timedelta = Field(
        default=timedelta(hours=1), description="How often leads leave campaigns that are over for them; until then they count as active."
    )
    healer_history_kept: timedelta = Field(
        default=timedelta(days=400),
        ge=timedelta(days=1),
        description="How long it can be told what was so at a past moment; `tact explain --at` refuses earlier ones.",
    )
    healer_forget_every: timedelta = Field(default=timedelta(hours=6), description="How often histories older than that are deleted.")
    healer_notices_every: timedelta = Field(
        default=timedelta(seconds=5), description="How often notices that are due are delivered; new ones are delivered at once."
    )
