"""The judge: reads the simulator's own log and says whether the outreach was done with tact.

It shares no code with `services/` or `shared/`: a mistake there must not be able to acquit itself here.
"""

from simulator.judge.inputs import AccountRule, LedgerEntry, Promise, RuleError, Tolerance, published_rule
from simulator.judge.judging import judge
from simulator.judge.reading import LogError
from simulator.judge.recovery import Recovery, percentile, recoveries
from simulator.judge.verdict import KINDS, JudgeVerdict

__all__ = [
    "KINDS",
    "AccountRule",
    "JudgeVerdict",
    "LedgerEntry",
    "LogError",
    "Promise",
    "Recovery",
    "RuleError",
    "Tolerance",
    "judge",
    "percentile",
    "published_rule",
    "recoveries",
]
