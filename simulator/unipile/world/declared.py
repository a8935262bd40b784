"""What a test or a demo may declare: accounts and people, read from --world or from the levers."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from simulator.unipile.world.behaviour import Behaviour
from simulator.unipile.world.ids import VANITY, is_classic

AccountType = Literal["free", "premium", "sales_navigator"]
Distance = Literal["SECOND_DEGREE", "THIRD_DEGREE", "OUT_OF_NETWORK"]
Step = Annotated[str, Field(pattern=r"^(invitation|[1-9][0-9]*)$")]
Seconds = Annotated[float, Field(ge=0)]
MOST_CONNECTIONS = 30_000  # LinkedIn's own limit


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AccountDeclared(_Declared):
    """One LinkedIn account that Unipile holds a session for."""

    id: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]
    name: str = "Sim Account"
    type: AccountType = "premium"
    country: str = "US"
    public_identifier: str | None = None
    provider_user_id: str | None = Field(None, description="The member's own ACo id; made from the account's id if absent.")
    connections: Annotated[int, Field(ge=0, le=MOST_CONNECTIONS)] = Field(0, description="Relations it has already, made up and seeded.")
    status: Literal["OK", "CREDENTIALS"] = "OK"

    @field_validator("provider_user_id")
    @classmethod
    def _classic(cls, value: str | None) -> str | None:
        return classic_or_none(value)


class PersonDeclared(_Declared):
    """One LinkedIn member. What is left out is made from the seed; null means never."""

    public_identifier: str
    provider_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    title: str | None = None
    location: str | None = None
    connected_to: tuple[str, ...] = Field((), description="Account ids with which this person is first degree from the beginning.")
    connected_at: AwareDatetime | None = None
    degree: Distance | None = None
    accepts_after_s: Seconds | None = Field(None, description="Business seconds; null: never; absent: as behaviour says.")
    replies_to: dict[Step, Seconds] | None = Field(
        None,
        description="'invitation' counts from the acceptance, '1', '2', … from our nth message. null: never; absent: as behaviour says.",
    )
    reply_text: str | None = None
    locked: bool = False
    gone: bool = Field(False, description="The profile no longer exists: 404 everywhere.")

    @field_validator("public_identifier")
    @classmethod
    def _vanity(cls, value: str) -> str:
        if not VANITY.fullmatch(value):
            raise ValueError("a public identifier is the part after /in/: 2 to 100 characters without spaces, slashes or %-escapes")
        return value

    @field_validator("provider_id")
    @classmethod
    def _classic(cls, value: str | None) -> str | None:
        return classic_or_none(value)


class WorldDeclared(_Declared):
    """The file behind --world."""

    behaviour: Behaviour = Behaviour()
    accounts: tuple[AccountDeclared, ...] = ()
    people: tuple[PersonDeclared, ...] = ()


def classic_or_none(value: str | None) -> str | None:
    """Only classic ids stand for members here; the Sales Navigator spelling follows from them."""
    if value is not None and not is_classic(value):
        raise ValueError("a provider id looks like ACoAA… or ADoAA…, with at least 10 characters")
    return value
