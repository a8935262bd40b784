"""The poller's settings."""

from datetime import timedelta

from pydantic import Field, SecretStr

from shared.runtime.settings import ProviderSettings, ServiceSettings


class PollerSettings(ServiceSettings, ProviderSettings):
    """See also ServiceSettings and ProviderSettings. Intervals are business time."""

    poller_port: int = Field(default=8083, ge=1, le=65_535, description="Where webhooks, the cron routes, health and metrics are served.")
    webhook_secret: SecretStr | None = Field(
        default=None, description="What the provider sends as Unipile-Auth. Unset: every webhook is refused, and none is registered."
    )
    public_url: str | None = Field(
        default=None,
        pattern="^https?://[^/]+",
        description="Where the provider reaches this service, such as https://tact.example.com. Unset: webhooks are registered by hand.",
    )
    relations_every: timedelta = Field(
        default=timedelta(hours=6), gt=timedelta(), description="Between two reads of an account's relations, plus or minus 30 %."
    )
    chats_every: timedelta = Field(
        default=timedelta(hours=4), gt=timedelta(), description="Between two reads of an account's chats, plus or minus 30 %."
    )
    invitations_every: timedelta = Field(
        default=timedelta(hours=6),
        gt=timedelta(),
        description="Between two reads of an account's sent invitations, plus or minus 30 %; what a member sends by hand counts so late.",
    )
    status_every: timedelta = Field(
        default=timedelta(hours=24), gt=timedelta(), description="Between two reads of an account's health, plus or minus 30 %."
    )
    reads_per_day: int = Field(
        default=40,
        ge=1,
        le=500,
        description="Reads of relations, chats and sent invitations an account may make on one of its own days. LinkedIn sees them.",
    )
    reads_at_once: int = Field(default=8, ge=1, le=256, description="Accounts read at the same time; each has at most one read under way.")
    read_spacing: timedelta = Field(
        default=timedelta(seconds=120), ge=timedelta(), description="Rest of an account after a read, before anything else of it leaves."
    )
    away_for: timedelta = Field(default=timedelta(days=3), gt=timedelta(), description="How long an out-of-office note holds a sequence.")
