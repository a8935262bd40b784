"""What `tact up` and `make demo` may be told: servers elsewhere, ports, and the stack's clock."""

from datetime import datetime

from pydantic import AwareDatetime, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class StackSettings(BaseSettings):
    """A server that is named is used; one that is not is started here."""

    model_config = SettingsConfigDict(env_prefix="TACT_", env_file=".env", extra="ignore", frozen=True)

    database_url: str | None = Field(default=None, description="A PostgreSQL elsewhere (15 or newer); unset: an embedded one.")
    kafka: str | None = Field(default=None, description="A Kafka elsewhere (3.7 or newer); unset: an embedded one.")
    kafka_replication: int = Field(default=1, ge=1, description="Copies of each topic that `tact migrate apply` makes.")
    unipile_url: str | None = Field(default=None, description="The real Unipile; unset: the simulator.")
    unipile_api_key: SecretStr | None = Field(default=None, description="Its access token.")
    public_url: str | None = Field(default=None, description="Where the provider reaches us; unset: the gateway's own address.")
    cron_secret: SecretStr | None = Field(default=None, description="x-cron-secret of the cron routes; unset: made up and shown.")
    webhook_secret: SecretStr | None = Field(default=None, description="What the provider's webhooks carry; unset: made up.")
    postgres_port: int = Field(default=5499, description="Of the embedded PostgreSQL.")
    kafka_port: int = Field(default=9592, description="Of the embedded Kafka.")
    kafka_controller_port: int = Field(default=9593, description="Of its controller.")
    simulator_port: int = Field(default=3080, description="Of the simulator.")
    port: int = Field(default=8080, description="The one address for users.")
    queuer_port: int = 8081
    sender_port: int = 8082
    poller_port: int = 8083
    healer_port: int = 8084
    notices_to_private: bool = Field(default=True, description="Notices may go to receivers on this machine and its networks.")
    clock_start: AwareDatetime | None = Field(default=None, description="Where the business clock starts; unset: it shows real time.")
    clock_speed: float = Field(default=1.0, gt=0, description="Business seconds in one real second.")
    clock_leaps: bool = Field(default=False, description="Leap over hours in which no account may act.")

    def moved_to(self, ports: dict[str, int], *, start: datetime, speed: float, leaps: bool = True) -> "StackSettings":
        """The same on other ports and with a fast clock, which leaps unless told not to."""
        return self.model_copy(update={**ports, "clock_start": start, "clock_speed": speed, "clock_leaps": leaps})

    def ports(self) -> dict[str, int]:
        """The ports by the name of their setting."""
        names = ("postgres", "kafka", "kafka_controller", "simulator", "queuer", "sender", "poller", "healer")
        return {"port": self.port, **{f"{name}_port": getattr(self, f"{name}_port") for name in names}}
