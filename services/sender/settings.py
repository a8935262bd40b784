"""The sender's settings."""

from datetime import timedelta

from pydantic import Field

from shared.runtime.settings import CallSettings, DecisionSettings, ProviderSettings, ServiceSettings


class SenderSettings(ServiceSettings, ProviderSettings, CallSettings, DecisionSettings):
    """See also ServiceSettings, ProviderSettings, CallSettings and DecisionSettings."""

    sender_port: int = Field(default=8082, ge=1, le=65_535, description="Where /livez, /readyz and /metrics are served.")
    sender_calls: int = Field(
        default=512,
        ge=1,
        le=4_096,
        description="Calls at once over all accounts; an account never has two. A batch is half of them at most.",
    )
    sender_seal_every: timedelta = Field(
        default=timedelta(seconds=1),
        gt=timedelta(0),
        description="How often the ledger is sealed (docs/prove.md). Longer costs less, and leaves more of it unsealed at any moment.",
    )
