"""The healer's settings."""

from datetime import timedelta

from pydantic import Field

from shared.runtime.settings import ProviderSettings, ServiceSettings


class HealerSettings(ServiceSettings, ProviderSettings):
    """See also ServiceSettings and ProviderSettings."""

    healer_port: int = Field(default=8084, ge=1, le=65_535, description="Where /livez, /readyz, /metrics and the admin routes are served.")
    healer_look_every: timedelta = Field(
        default=timedelta(seconds=15),
        description="How often unknown attempts that are due are looked up; while one is open its send waits.",
    )
    healer_upkeep_every: timedelta = Field(
        default=timedelta(seconds=5),
        description="How often intents, leases and sends of dead processes are sought; an account rests until they are found.",
    )
    healer_stock_every: timedelta = Field(
        default=timedelta(seconds=30), description="How often what is wrong is counted; alerts are late by as much."
    )
    healer_de_enroll_every: timedelta = Field(
        default=timedelta(hours=1), description="How often leads leave campaigns that are over for them; until then they count as active."
    )
