"""The settings of a campaign that are one value each: one table, read by the store, the API, the command line and the rules.

A new setting is a migration that adds the column, a field of `CampaignSettings`, a row of `CAMPAIGN_FIELDS`, and the rule that uses
the setting. SQL reads and writes the columns by the names in this table (shared/db/routines/48_campaign_settings.sql), and the history
keeps every column of `campaigns` by itself. tests/unit/queuer/campaigns/test_campaign_fields.py holds this.

Name, steps, accounts and hours are no rows here: they are checked against other rows, and each has a workflow of its own.

Imports only the vocabulary, because a machine that has only the command line reads this module too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from shared.vocabulary import CampaignStatus, MissingValue

WITHDRAW_AFTER_DAYS: Final = 21
"""Days after which an unanswered invitation is usually taken back: a person who has not answered in three weeks seldom does."""
MOST_WITHDRAW_AFTER_DAYS: Final = 365
DEFAULT_TURN_LENGTH: Final = 1
"""Actions of an account in a campaign's turn, unless the campaign says otherwise."""
LONGEST_TURN: Final = 100
"""Actions; more than an account's day, and the bound would be a matter of days."""

UNTIL_OVER: Final = frozenset({CampaignStatus.DRAFT, CampaignStatus.RUNNING, CampaignStatus.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSettings:
    """The values of one campaign; each attribute is a row of `CAMPAIGN_FIELDS`."""

    on_missing: MissingValue = MissingValue.BLOCK
    withdraw_after_days: int | None = None
    """None: never; in a campaign that is to be made, None takes the workspace's number and 0 is never."""
    turn_length: int = DEFAULT_TURN_LENGTH
    allow_parallel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignField:
    """One setting: its column in `campaigns`, its type and bounds, and its words for the API and the command line."""

    column: str
    kind: type[bool] | type[int] | type[str] | type[StrEnum]
    default: object
    nullable: bool = False
    least: int | None = None
    most: int | None = None
    bounds_in_schema: bool = True
    """Whether the API's schema refuses a value out of bounds; otherwise the rule does, in a sentence of its own."""
    unit: str = ""
    """What the number counts, for that sentence."""
    changeable_in: frozenset[CampaignStatus] = UNTIL_OVER
    description: str = ""
    """For the API's documentation."""
    examples: tuple[object, ...] = ()
    option: str | None = None
    """The option of `tact campaign add`."""
    option_help: str = ""

    def read(self, stored: Any) -> Any:
        """The value of a stored column, as PostgreSQL writes it into JSON."""
        return None if stored is None else self.kind(stored)

    def write(self, value: Any) -> Any:
        """The value as JSON holds it."""
        return value.value if isinstance(value, StrEnum) else value


CAMPAIGN_FIELDS: Final = (
    CampaignField(
        column="on_missing",
        kind=MissingValue,
        default=MissingValue.BLOCK,
        description="A placeholder without value: block, skip the step, or leave blank.",
        option="--on-missing",
        option_help="What an empty placeholder does.",
    ),
    CampaignField(
        column="withdraw_after_days",
        kind=int,
        default=None,
        nullable=True,
        least=0,
        most=MOST_WITHDRAW_AFTER_DAYS,
        unit=f"days ({WITHDRAW_AFTER_DAYS} is usual)",
        description=f"Days after which an unanswered invitation is taken back; {WITHDRAW_AFTER_DAYS} is usual. 0: never; null: a new "
        "connector campaign takes its workspace's number, a campaign that is there takes none back any more.",
        examples=(WITHDRAW_AFTER_DAYS,),
        option="--withdraw-after-days",
        option_help="Take unanswered invitations back; 0 never, else the workspace's.",
    ),
    CampaignField(
        column="turn_length",
        kind=int,
        default=DEFAULT_TURN_LENGTH,
        least=1,
        most=LONGEST_TURN,
        bounds_in_schema=False,
        unit="actions of an account in a row",
        description=f"1 to {LONGEST_TURN} actions of an account in a row, then its next campaign's turn.",
        option="--turn-length",
        option_help="Actions of an account in a row.",
    ),
    CampaignField(
        column="allow_parallel",
        kind=bool,
        default=False,
        description="Let its people be in another campaign's sequence at the same time.",
        option="--allow-parallel/--no-allow-parallel",
        option_help="Its people may be in another campaign's sequence too.",
    ),
)


def read_settings(columns: Mapping[str, Any]) -> CampaignSettings:
    """The settings of a stored row, given as JSON."""
    return CampaignSettings(**{field.column: field.read(columns[field.column]) for field in CAMPAIGN_FIELDS})


def settings_columns(settings: CampaignSettings) -> dict[str, Any]:
    """The columns of the settings, as JSON."""
    return {field.column: field.write(getattr(settings, field.column)) for field in CAMPAIGN_FIELDS}
