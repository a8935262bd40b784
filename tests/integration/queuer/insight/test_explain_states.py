"""Every state has its sentence, and its next moment or the condition that it waits for."""

from datetime import timedelta
from uuid import uuid4

import pytest

from shared.policy import Outcome
from shared.refusals import NotFound, Refused
from tests.integration.queuer.insight.conftest import BASE, Scene
from tests.support import builders


async def test_a_send_that_every_rule_passes_leaves_now_and_every_rule_is_shown(scene: Scene) -> None:
    await scene.send()
    found = await scene.ask()
    assert (found.answer.verdict, found.first_blocker, found.step) == ("send_now", None, "connection_request")
    assert found.next_possible_at == found.at
    assert {line.name for line in found.rules} >= {
        "planned",
        "words",
        "campaign_over",
        "suppressed",
        "calendar",
        "spacing",
        "daily_cap",
        "weekly_cap",
    }
    assert {line.verdict for line in found.rules} == {Outcome.PASS}
    assert (found.words, found.words_frozen, found.timezone) == ("Hi Ana", False, "America/New_York")


async def test_nobody_planned_yet_is_told_the_moment_and_the_account_it_would_get(scene: Scene) -> None:
    found = await scene.ask()
    assert (found.answer.verdict, found.answer.reason) == ("wait", "not_planned")
    assert found.answer.until == found.at
    assert found.account == "Ana's account"
    assert found.words == "Hi Ana"
    assert found.action == "profile_lookup"


@pytest.mark.parametrize(
    ("status", "reason", "verdict"),
    [
        ("draft", "campaign_not_running", "hold"),
        ("paused", "campaign_not_running", "hold"),
        ("completed", "campaign_ended", "stop"),
        ("cancelled", "campaign_ended", "stop"),
    ],
)
async def test_a_campaign_that_does_not_run_is_named_and_what_would_follow_its_start(
    scene: Scene, status: str, reason: str, verdict: str
) -> None:
    await scene.change("campaigns", scene.campaign, status=status)
    for planned in (False, True):
        if planned:
            await scene.send()
        found = await scene.ask()
        assert (found.answer.reason, found.answer.verdict) == (reason, verdict)
        assert found.answer.then == (found.at if verdict == "hold" else None)


@pytest.mark.parametrize(("status", "reason"), [("paused", "account_paused"), ("disconnected", "account_disconnected")])
async def test_an_account_that_may_not_act_is_named(scene: Scene, status: str, reason: str) -> None:
    await scene.send()
    await scene.change("accounts", scene.account, status=status, status_reason="by a person")
    found = await scene.ask()
    assert (found.answer.verdict, found.answer.reason, found.answer.condition) == ("hold", reason, "account_usable")
    assert found.first_blocker == "account_usable"
    line = next(line for line in found.rules if line.name == "account_usable")
    assert "by a person" in line.value


async def test_a_follow_up_waits_for_the_acceptance(scene: Scene) -> None:
    await scene.send(status="sent", sent_at=BASE)
    await scene.change("campaign_prospects", scene.prospect, status="connection_request_sent", contacted_at=BASE)
    found = await scene.ask()
    assert (found.answer.verdict, found.answer.reason, found.answer.condition) == ("hold", "waits_for_acceptance", "connection")
    assert found.step == "direct_message_1"
    assert found.words == "Thanks, Ana"


async def test_a_sequence_that_is_over_says_so(scene: Scene) -> None:
    await scene.send(status="sent", sent_at=BASE)
    await scene.send(status="sent", sent_at=BASE, action="message", step_position=2)
    await scene.change("campaign_prospects", scene.prospect, status="messaging", contacted_at=BASE, connected_at=BASE)
    assert (await scene.ask()).answer.reason == "finished"
    await scene.change("campaign_prospects", scene.prospect, status="completed")
    assert (await scene.ask()).answer.verdict == "stop"


@pytest.mark.parametrize("status", ["opted_out", "converted", "not_interested"])
async def test_people_who_are_done_with_are_never_contacted(scene: Scene, status: str) -> None:
    await scene.change("campaign_prospects", scene.prospect, status=status)
    found = await scene.ask()
    assert (found.answer.verdict, found.answer.reason) == ("stop", status)


async def test_missing_words_are_quoted_as_the_row_has_them(scene: Scene) -> None:
    await scene.send(status="failed", error_message="The template needs {company}.", message_sha256=bytes(32))
    await scene.change("campaign_prospects", scene.prospect, status="failed", error_message="The template needs {company}.")
    found = await scene.ask()
    assert found.answer.verdict == "stop"
    assert found.answer.sentence == "The step connection_request failed: The template needs {company}."


async def test_a_campaign_without_messages_or_accounts_says_what_it_lacks(scene: Scene) -> None:
    async with scene.owner.acquire() as connection:
        bare = await builders.a_campaign(connection, scene.workspace, [], message_templates={})
        prospect = await builders.a_prospect(connection, bare, scene.lead)
        silent = await builders.a_campaign(connection, scene.workspace, [])
        other = await builders.a_prospect(connection, silent, scene.lead)
    assert (await scene.ask(who=prospect)).answer.reason == "no_steps"
    assert (await scene.ask(who=other)).answer.reason == "no_account"


async def test_a_send_in_the_senders_hand_or_being_looked_up_says_so(scene: Scene) -> None:
    send = await scene.send(status="sending", dispatch_no=1)
    attempt = await scene.owner.fetchval(
        """INSERT INTO send_attempts (workspace_id, campaign_id, prospect_id, lead_id, account_id, send_id, action, owner, dispatch_no,
                                      decided_at, valid_until, act_by, counted_on)
           SELECT workspace_id, campaign_id, prospect_id, lead_id, account_id, id, action, 'a sender', 1, $2, $2, clock_timestamp(), $3
             FROM send_queue WHERE id = $1 RETURNING id""",
        send,
        BASE,
        BASE.date(),
    )
    assert (await scene.ask()).answer.reason == "in_hand"
    await scene.owner.execute("UPDATE send_attempts SET state = 'unknown' WHERE id = $1", attempt)
    found = await scene.ask()
    assert (found.answer.verdict, found.answer.reason) == ("hold", "looked_up")
    assert [event.what for event in found.happened] == ["sent connection_request: unknown"]


async def test_lists_of_everybody_and_of_the_workspace_stop_and_others_do_not(scene: Scene) -> None:
    await scene.send()
    other = await scene.owner.fetchval("INSERT INTO workspaces (company_name, email) VALUES ('Other', 'a@b.example') RETURNING id")
    await scene.change("leads", scene.lead, email="ana@sub.example", company="ACME")
    add = "INSERT INTO suppressions (workspace_id, kind, value, reason) VALUES ($1, $2, $3, 'asked') RETURNING id"
    await scene.owner.fetchval(add, other, "company", "acme")
    assert (await scene.ask()).answer.verdict == "send_now"
    entry = await scene.owner.fetchval(add, None, "domain", "sub.example")
    assert (await scene.ask()).answer.reason == "suppressed"
    listed = (await scene.ask()).now
    await scene.owner.execute("DELETE FROM suppressions WHERE id = $1", entry)
    assert (await scene.ask()).answer.verdict == "send_now"
    assert (await scene.ask(at=listed)).answer.reason == "suppressed", "it stood on the list at that moment"


async def test_imported_rows_leads_and_strangers(scene: Scene) -> None:
    async with scene.owner.acquire() as connection:
        lead = await builders.a_lead(connection, scene.workspace)
        batch = await builders.insert(
            connection, "lead_batches", workspace_id=scene.workspace, campaign_id=scene.campaign, file_name="a.csv", file_format="csv"
        )
        row = await builders.insert(
            connection,
            "prospect_approval_data",
            workspace_id=scene.workspace,
            batch_id=batch,
            campaign_id=scene.campaign,
            lead_id=lead,
            line=2,
        )
        alone = await builders.a_lead(connection, scene.workspace)
    for some_id in (row, lead):
        found = await scene.ask(who=some_id)
        assert (found.answer.reason, found.answer.condition, found.campaign) == ("waits_for_approval", "approval", "Spring")
    await scene.change("prospect_approval_data", row, status="rejected")
    assert (await scene.ask(who=row)).answer.verdict == "stop"
    assert (await scene.ask(who=alone)).answer.reason == "not_enrolled"
    with pytest.raises(NotFound, match="There is no prospect"):
        await scene.ask(who=uuid4())


async def test_moments_before_the_enrolment_and_before_what_is_kept_are_refused_with_the_moment_from_which_on_it_works(
    scene: Scene,
) -> None:
    with pytest.raises(Refused, match=r"was enrolled in 'Spring' only at 2026-03-10 15:00:0"):
        await scene.ask(at=BASE - timedelta(hours=1))
    await scene.owner.execute("UPDATE history_floor SET since = $1", BASE)
    with pytest.raises(Refused, match="histories begin at 2026-03-10 15:00:00 UTC"):
        await scene.ask(at=BASE - timedelta(hours=1))


async def test_a_moment_to_come_is_answered_by_what_is_known_today(scene: Scene) -> None:
    await scene.send()
    found = await scene.ask(at=BASE + timedelta(days=4))
    assert (found.answer.verdict, found.answer.reason) == ("wait", "weekend")
    assert found.notes == ["This moment has not come: the answer is what is known today."]
