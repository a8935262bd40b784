"""How notices leave: read by the healer, and by the queuer, which tells people when no healer does."""

from datetime import timedelta
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.notices.addresses import check_mail
from shared.notices.mail import Mail, MailServer


class NoticeSettings(BaseSettings):
    """Ways out, their patience, and the mail server."""

    model_config = SettingsConfigDict(env_prefix="TACT_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

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

    def mail(self) -> Mail | None:
        """The way to the mail server; None where there is none."""
        if self.smtp_host is None or self.smtp_from is None:
            return None
        return Mail(
            MailServer(
                host=self.smtp_host,
                port=self.smtp_port,
                sender=self.smtp_from,
                user=self.smtp_user,
                password=self.smtp_password,
                starttls=self.smtp_starttls,
                timeout=self.notices_timeout,
            )
        )
