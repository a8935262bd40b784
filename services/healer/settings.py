"""The healer's settings."""

from datetime import timedelta
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from services.healer.rules.addresses import check_mail
from shared.runtime.settings import ProviderSettings, ServiceSettings


class HealerSettings(ServiceSettings, ProviderSettings):
    """See also ServiceSettings and ProviderSettings."""

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
        "stood its test alerts anybody.",
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
    notices_timeout: timedelta = Field(
        default=timedelta(seconds=10), gt=timedelta(0), description="Longest a receiver of notices may take; a slower one is tried again."
    )
    notices_to_private: bool = Field(
        default=False,
        description="Whether notices may be posted to loopback and private addresses. Tenants choose addresses: leave it off where they "
        "are not all trusted, or they can reach into your network. Link-local and metadata addresses stay refused.",
    )
    smtp_host: str | None = Field(
        default=None, description="The mail server that notices are handed to. Unset: channels by mail are refused."
    )
    smtp_port: int = Field(default=587, ge=1, le=65_535, description="465 is encrypted from the first byte.")
    smtp_user: str | None = Field(default=None, description="Unset: no login.")
    smtp_password: SecretStr | None = Field(default=None, description="Of smtp_user.")
    smtp_starttls: bool = Field(default=True, description="Encrypt, or do not send; false only for a server on the same trusted network.")
    smtp_from: str | None = Field(default=None, description="Whom the mails are from: tact@example.com. Needed with TACT_SMTP_HOST.")

    @field_validator("smtp_host", "smtp_user", "smtp_password", "smtp_from", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("smtp_from")
    @classmethod
    def _one_address(cls, value: str | None) -> str | None:
        return None if value is None else check_mail(value)

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        if self.smtp_host is not None and self.smtp_from is None:
            raise ValueError("TACT_SMTP_HOST is set and TACT_SMTP_FROM is not; say whom the mails are from")
        if (self.smtp_user is None) != (self.smtp_password is None):
            raise ValueError("TACT_SMTP_USER and TACT_SMTP_PASSWORD belong together; set both or neither")
        return self
