"""What the simulator is told when it starts; everything else is a lever under /_sim."""

from pathlib import Path
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, model_validator


class SimulatorSettings(BaseModel):
    """Frozen, handed in, never imported. `tact simulator` and `python -m simulator.unipile` build the same one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Where to listen. Beyond loopback others see the API, never the levers.")
    port: int = Field(ge=0, le=65535, description="0 takes a free one; the ready line names it.")
    api_key: SecretStr = Field(description="Calls without it in X-API-KEY get 401 missing_credentials.")
    clock_speed: float = Field(1.0, gt=0, description="Business seconds per real second of the simulator's own clock.")
    clock_start: AwareDatetime | None = Field(None, description="Where the own clock starts; now, if absent.")
    clock_database: SecretStr | None = Field(
        None, description="DSN of the stack's database: its business_now() is read on every call, and the two settings above are refused."
    )
    log: Path | None = Field(None, description="JSON lines, appended and flushed per line; without it the log lives in memory alone.")
    seed: int = Field(1, description="The same seed makes the same people with the same characters.")
    world: Path | None = Field(None, description="JSON file with accounts, people and behaviour to begin with.")

    @model_validator(mode="after")
    def _one_clock(self) -> Self:
        if self.clock_database is not None and (self.clock_start is not None or self.clock_speed != 1.0):
            raise ValueError("the stack's clock sets start and speed itself: leave out --clock-start and --clock-speed")
        return self


class SimulatorCannotStartError(Exception):
    """The simulator cannot start; the sentence says what to do."""
