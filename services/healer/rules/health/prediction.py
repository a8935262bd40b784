"""What a report of likely corruption may be used for, and from how much data it is made. The figures come from store/health/risks.sql."""

from enum import StrEnum
from typing import Final

FEWEST_CHANCES: Final = 200
FEWEST_CORRUPTED: Final = 10
FEWEST_OF_A_VALUE: Final = 20
"""Sends that a value, and everything else, must have before the two rates are compared."""
FEWEST_HELD_BACK: Final = 5
"""Corrupted rows among the days held back; with fewer the check proves nothing."""


class RiskVerdict(StrEnum):
    """What the report may be used for."""

    TOO_LITTLE_DATA = "too_little_data"
    UNCHECKED = "unchecked"
    NO_BETTER = "no_better_than_the_base_rate"
    USEFUL = "useful"


VERDICT_TEXTS: Final = {
    RiskVerdict.TOO_LITTLE_DATA: f"Too little to predict from: it takes {FEWEST_CHANCES} sends and {FEWEST_CORRUPTED} corrupted ones.",
    RiskVerdict.UNCHECKED: "Not checked: too little was corrupted lately to prove it by, so it raises no alert.",
    RiskVerdict.NO_BETTER: "Checked, and no better than the base rate: it raises no alert.",
    RiskVerdict.USEFUL: "Checked on what it had not seen, and better than the base rate.",
}
