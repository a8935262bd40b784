"""Past moments are explained by what was so then; what changes with every send keeps no row; and an answer reads few rows among many."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.queuer.workflows.insight.explain import explain_prospect
from shared.policy import RuleLine
from tests.integration.queuer.insight.conftest import BASE, CALL_TIMES, Scene
from tests.support import builders

LATER = BASE + timedelta(days=1)


def line(rules: Sequence[RuleLine], name: str) -> RuleLine:
    return next(rule for rule in rules if rule.name == name)


async def test_settings_limits_status_and_words_are_those_of_then(scene: Scene) -> None:
    send = await scene.send()
    await scene.change("workspaces", scene.workspace, daily_cr_limit=7)
    then = (await scene.ask()).now
    before = await scene.ask(at=then)
    await scene.clock(LATER)
    await scene.change("workspaces", scene.workspace, daily_cr_limit=9)
    await scene.change("campaigns", scene.campaign, schedule_settings={"timezone": "Asia/Tokyo"}, status="paused")
    await scene.change("accounts", scene.account, status="paused", status_reason="rest", next_free_at=LATER + timedelta(hours=1))
    await scene.change("send_queue", send, message="Hello", message_sha256=b"x" * 32, scheduled_for=LATER)
    now, old = await scene.ask(), await scene.ask(at=then)
    assert (line(now.rules, "daily_cap").limit, line(old.rules, "daily_cap").limit) == ("9", "7")
    assert ("Tokyo" in line(now.rules, "calendar").value, "Tokyo" in line(old.rules, "calendar").value) == (True, False)
    assert (now.answer.reason, old.answer.verdict) == ("campaign_not_running", "send_now")
    assert (now.words, old.words) == ("Hello", "Hi Ana")
    assert list(old.rules) == list(before.rules)
    assert line(now.rules, "spacing").value != line(old.rules, "spacing").value == "none"


async def test_the_days_and_the_weeks_use_are_counted_as_they_stood(scene: Scene) -> None:
    send = await scene.send()
    for minute in (1, 3, 5):
        await scene.clock(BASE + timedelta(minutes=minute))
        await scene.owner.execute(
            """WITH made AS (
                 INSERT INTO send_attempts (workspace_id, campaign_id, prospect_id, lead_id, account_id, send_id, action, state, owner,
                                            dispatch_no, decided_at, answered_at, valid_until, act_by, counted_on)
                 SELECT workspace_id, campaign_id, prospect_id, lead_id, account_id, id, action, 'refused', 's', 1, $2, $2, $2, $2, $3
                   FROM send_queue WHERE id = $1 RETURNING account_id)
               INSERT INTO account_usage (account_id, local_date, action, used) SELECT account_id, $3, 'invitation', 1 FROM made
               ON CONFLICT (account_id, local_date, action) DO UPDATE SET used = account_usage.used + 1""",
            send,
            BASE + timedelta(minutes=minute),
            BASE.date(),
        )
    await scene.clock(BASE + timedelta(minutes=10))
    await scene.owner.execute("UPDATE send_attempts SET given_back = true WHERE decided_at = $1", BASE + timedelta(minutes=1))
    await scene.owner.execute("UPDATE account_usage SET used = used - 1")
    await scene.clock(BASE + timedelta(minutes=20))
    seen = []
    for later in (0.5, 2, 4, 6, 12):
        found = await scene.ask(at=BASE + timedelta(minutes=later))
        seen.append((line(found.rules, "daily_cap").value.split()[0], line(found.rules, "weekly_cap").value))
    assert seen == [("0", "0"), ("1", "1"), ("2", "2"), ("3", "3"), ("2", "2")]


async def test_before_it_was_planned_and_after_it_left(scene: Scene) -> None:
    await scene.clock(BASE + timedelta(hours=1))
    send = await scene.send(scheduled_for=BASE + timedelta(hours=1))
    await scene.clock(BASE + timedelta(hours=2))
    for status in ("dispatched", "sending", "sent"):
        await scene.owner.execute(
            "UPDATE send_queue SET status = $2::send_status, sent_at = $3 WHERE id = $1",
            send,
            status,
            BASE + timedelta(hours=2) if status == "sent" else None,
        )
    await scene.change("campaign_prospects", scene.prospect, status="connection_request_sent", contacted_at=BASE + timedelta(hours=2))
    await scene.clock(LATER)
    reasons = [(await scene.ask(at=BASE + timedelta(hours=hours))).answer.reason for hours in (0.5, 1.5, 3)]
    assert reasons == ["not_planned", "allowed", "waits_for_acceptance"]


async def test_the_clocks_leaps_do_not_confuse_the_moments_of_technical_time(scene: Scene) -> None:
    await scene.clock(BASE + timedelta(days=30))
    async with scene.owner.acquire() as connection:
        lead = await builders.a_lead(connection, scene.workspace)
        prospect = await builders.a_prospect(connection, scene.campaign, lead)
    await scene.clock(BASE + timedelta(days=60))
    assert (await scene.ask(who=prospect, at=BASE + timedelta(days=31))).answer.reason == "not_planned"
    with pytest.raises(Exception, match="only at 2026-04-09"):
        await scene.ask(who=prospect, at=BASE + timedelta(days=29))


async def test_what_changes_with_every_send_keeps_no_row_of_history(scene: Scene) -> None:
    send = await scene.send()
    for status in ("dispatched", "sending", "pending", "dispatched", "sending", "sent"):
        await scene.change("send_queue", send, status=status)
    await scene.change("accounts", scene.account, lease_holder="dispatch", lease_until=BASE, wake_at=BASE)
    await scene.change("accounts", scene.account, lease_holder=None, lease_until=None)
    await scene.change("campaigns", scene.campaign, prospects_count=9)
    await scene.change("campaign_prospects", scene.prospect, follow_up_due_at=BASE, last_follow_up_at=BASE)
    assert await scene.owner.fetchval("SELECT count(*) FROM history") == 0
    assert await scene.owner.fetchval("SELECT count(*) FROM account_spacing_history") == 0
    await scene.change("accounts", scene.account, next_free_at=BASE)
    assert await scene.owner.fetchval("SELECT count(*) FROM account_spacing_history") == 1


async def test_every_table_that_an_answer_is_made_of_keeps_its_history(scene: Scene) -> None:
    hot = await scene.owner.fetch(
        """SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            WHERE t.tgname = 'keep_history' ORDER BY 1"""
    )
    assert {row["relname"] for row in hot} >= {
        "workspaces", "accounts", "campaigns", "leads", "campaign_prospects", "send_queue", "suppressions", "account_cool_downs",
        "recipients", "account_reads",
    }  # fmt: skip


async def test_an_answer_reads_only_the_few_rows_of_its_moment_among_hundreds_of_thousands(scene: Scene) -> None:
    await scene.send()
    then = (await scene.ask()).now
    await scene.clock(BASE + timedelta(days=300))
    await scene.owner.execute(
        """INSERT INTO history (workspace_id, table_name, row_id, valid_until, was)
           SELECT $1, (ARRAY['accounts', 'campaigns', 'campaign_prospects', 'send_queue'])[n % 4 + 1],
                  CASE WHEN n % 100 < 3 THEN (ARRAY[$2, $3, $4]::uuid[])[n % 3 + 1] ELSE gen_random_uuid() END,
                  $5::timestamptz + n * interval '1 min', '{"daily_cr_limit": 3, "error_message": "a long row of some other day"}'
             FROM generate_series(1, 300000) n""",
        scene.workspace,
        scene.account,
        scene.campaign,
        scene.prospect,
        BASE + timedelta(days=1),
    )
    await scene.owner.execute(
        """INSERT INTO account_spacing_history (account_id, valid_until, next_free_at)
           SELECT $1, $2::timestamptz + n * interval '2 min', $2 FROM generate_series(1, 200000) n""",
        scene.account,
        BASE + timedelta(days=1),
    )
    await scene.owner.execute("ANALYZE history, account_spacing_history")
    for at in [None, then, *(BASE + timedelta(days=day) for day in range(1, 200, 20))]:
        async with scene.queuer.acquire() as connection, connection.transaction(readonly=True):
            await explain_prospect(connection, scene.prospect, at=at, call_times=CALL_TIMES)
            touched = await connection.fetch(
                """SELECT relname, seq_scan, coalesce(idx_tup_fetch, 0) AS rows FROM pg_stat_xact_user_tables
                    WHERE relname IN ('history', 'account_spacing_history')"""
            )
        # Counted in the transaction itself: an index leads to the few rows of that moment among half a million.
        assert {row["relname"]: (row["seq_scan"], row["rows"] < 1_000) for row in touched} == dict.fromkeys(
            ("history", "account_spacing_history"), (0, True)
        )


async def test_the_template_of_then_is_shown_and_a_look_up_of_later_had_not_been_made(scene: Scene) -> None:
    then = (await scene.ask()).now
    await scene.clock(LATER)
    async with scene.owner.acquire() as connection:
        newer = await builders.insert(connection, "workflows", campaign_id=scene.campaign, version=2)
        await connection.execute(
            """INSERT INTO workflow_steps (workflow_id, position, message_type, action, requires_connection, template)
               VALUES ($1, 1, 'connection_request', 'invitation', false, 'Good day {first_name}')""",
            newer,
        )
    await scene.change("campaign_prospects", scene.prospect, workflow_id=newer)
    assert ((await scene.ask()).words, (await scene.ask(at=then)).words) == ("Good day Ana", "Hi Ana")
    send = await scene.send(next_action="profile_lookup", scheduled_for=LATER)
    planned = (await scene.ask()).now
    await scene.clock(LATER + timedelta(hours=1))
    await scene.owner.execute(
        """INSERT INTO send_attempts (workspace_id, campaign_id, prospect_id, lead_id, account_id, send_id, action, state, owner,
                                      dispatch_no, decided_at, answered_at, valid_until, act_by, counted_on)
           SELECT workspace_id, campaign_id, prospect_id, lead_id, account_id, id, 'profile_lookup', 'accepted', 's', 1, $2, $2, $2, $2, $3
             FROM send_queue WHERE id = $1""",
        send,
        LATER + timedelta(hours=1),
        LATER.date(),
    )
    await scene.change("send_queue", send, next_action="invitation")
    await scene.clock(LATER + timedelta(hours=2))
    assert ((await scene.ask(at=planned)).action, (await scene.ask()).action) == ("profile_lookup", "invitation")


async def test_the_other_sequence_is_named_as_it_was_then_and_now(scene: Scene) -> None:
    await scene.send()
    alone = (await scene.ask()).now
    await scene.clock(BASE + timedelta(hours=1))
    async with scene.owner.acquire() as connection:
        other = await builders.a_campaign(connection, scene.workspace, [scene.account], campaign_name="Autumn")
        elsewhere = await builders.a_prospect(connection, other, scene.lead, status="messaging", contacted_at=BASE)
        await connection.execute("UPDATE leads SET campaign_id = $2 WHERE id = $1", scene.lead, other)
    await scene.clock(BASE + timedelta(hours=2))
    now = await scene.ask()
    assert (now.answer.verdict, now.answer.reason, now.answer.condition, now.answer.until) == ("hold", *["other_sequence"] * 2, None)
    assert (now.first_blocker, line(now.rules, "other_sequence").value) == ("other_sequence", "Autumn")
    assert "'Autumn'" in now.answer.sentence
    assert now.answer.then is not None, "what the rules would say if it were over"
    await scene.change("campaign_prospects", elsewhere, status="completed")
    await scene.change("campaigns", other, campaign_name="Summer")
    await scene.clock(BASE + timedelta(hours=3))
    await scene.change("leads", scene.lead, campaign_id=scene.campaign)
    assert (await scene.ask()).answer.verdict == "send_now"
    then = await scene.ask(at=now.now)
    assert (then.answer, list(then.rules)) == (now.answer, list(now.rules))
    assert (await scene.ask(at=alone)).answer.verdict == "send_now"
