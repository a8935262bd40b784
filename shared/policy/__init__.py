"""May this send leave now; if not, when, or never: one pure function for sender, queuer, explain and forecast."""

from shared.policy.case import Case, WeekUse
from shared.policy.decide import Verdict, decide
from shared.policy.limits import (
    MOST_INVITATIONS_A_DAY,
    MOST_WEEKLY_INVITATIONS,
    MOST_WITHDRAW_AFTER_DAYS,
    RELOCK,
    SPACING,
    WEEKLY_INVITATIONS,
    WITHDRAW_AFTER_DAYS,
    daily_caps,
    jitter,
    note_limit,
    weekly_invitations,
)
from shared.policy.plan import next_slot
from shared.policy.verdict import Condition, Decision, Hold, Outcome, Reason, RuleLine, Scope, SendNow, Stop, Wait

__all__ = [
    "MOST_INVITATIONS_A_DAY",
    "MOST_WEEKLY_INVITATIONS",
    "MOST_WITHDRAW_AFTER_DAYS",
    "RELOCK",
    "SPACING",
    "WEEKLY_INVITATIONS",
    "WITHDRAW_AFTER_DAYS",
    "Case",
    "Condition",
    "Decision",
    "Hold",
    "Outcome",
    "Reason",
    "RuleLine",
    "Scope",
    "SendNow",
    "Stop",
    "Verdict",
    "Wait",
    "WeekUse",
    "daily_caps",
    "decide",
    "jitter",
    "next_slot",
    "note_limit",
    "weekly_invitations",
]
