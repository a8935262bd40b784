"""Predict, once an hour, which campaigns of each workspace are likely to corrupt, and keep what was predicted."""

from datetime import timedelta
from typing import Any, Final

import asyncpg

from services.healer.rules.health.prediction import Cause, Report, Verdict, in_words, predict
from services.healer.store.health import measurements as measuring
from services.healer.store.health import risks as store

PREDICT_EVERY: Final = timedelta(hours=1)
SPAN: Final = timedelta(days=90)
"""What is predicted from; older days are deleted."""
VERSIONS_KEPT: Final = timedelta(days=400)
MOST_RISKS: Final = 100
"""Campaigns that a report names, most likely first."""


class Predict:
    """The job."""

    def __init__(self, pool: asyncpg.Pool, *, above: float) -> None:
        """`above`: the expected rate, in percent, from which people are alerted."""
        self._pool = pool
        self._above = above / 100

    async def round(self) -> None:
        """Make every workspace's report, if an hour has passed since any healer did."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await measuring.acquire_measuring_lock(connection):
                return
            state = await measuring.fetch_state(connection)
            if state.predicted_at is not None and state.now - state.predicted_at < PREDICT_EVERY:
                return
            for workspace_id in await store.with_causes(connection, span=SPAN):
                report = predict(await store.days(connection, workspace_id, span=SPAN))
                ids = {str(risk.campaign_id) for risk in report.risks} | {
                    rate.value for rate in report.rates if rate.cause is Cause.ACCOUNT
                }
                ids |= {rate.value for risk in report.risks for rate, _ in risk.why if rate.cause is Cause.ACCOUNT}
                named = await store.names(connection, sorted(ids))
                await store.keep_report(connection, workspace_id, told(report, named, above=self._above))
            await store.predicted(connection, span=SPAN, kept=VERSIONS_KEPT)


def told(report: Report, names: dict[str, str], *, above: float) -> dict[str, Any]:
    """A report as it is stored and shown; rates from 0 to 1. Nothing alarms that did not stand the test."""
    useful = report.verdict is Verdict.USEFUL
    known = {(Cause.ACCOUNT, key): name for key, name in names.items()}
    risks = [
        {
            "campaign_id": str(risk.campaign_id),
            "campaign_name": names.get(str(risk.campaign_id), str(risk.campaign_id)),
            "rate": round(risk.rate, 4),
            "alarming": useful and risk.rate > above,
            "why": [in_words(rate, share, known) for rate, share in risk.why],
        }
        for risk in report.risks[:MOST_RISKS]
    ]
    return {
        "verdict": report.verdict.value,
        "chances": report.chances,
        "corrupted": report.corrupted,
        "base": round(report.base, 4),
        "above": above,
        "alarming": sum(bool(risk["alarming"]) for risk in risks),
        "causes": [
            {
                "cause": rate.cause.value,
                "value": known.get((rate.cause, rate.value), rate.value),
                "exposed": rate.exposed,
                "corrupted": rate.corrupted,
                "rate": round(rate.rate, 4),
                "low": round(rate.low, 4),
                "high": round(rate.high, 4),
                "others": round(rate.others, 4),
            }
            for rate in report.rates
        ],
        "risks": risks,
        "check": None
        if report.check is None
        else {
            "chances": report.check.chances,
            "corrupted": report.check.corrupted,
            "skill": round(report.check.skill, 3),
            "named": report.check.named,
            "named_rightly": report.check.named_rightly,
        },
    }
