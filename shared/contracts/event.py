"""What every message of Tact is: a frozen pydantic model that ignores fields it does not know.

New fields are optional, so any order of deployment works; `tests/unit/contracts` reads every golden example with
today's models.
"""

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """The value of a Kafka record, as JSON; its CloudEvents attributes travel in the headers."""

    model_config = ConfigDict(frozen=True, extra="ignore")
