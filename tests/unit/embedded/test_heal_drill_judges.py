"""The drill's judge: what it calls right, and that it believes the provider's log and not the healer."""

import json
from pathlib import Path
from typing import Any

import pytest

from embedded.drill.corruptions import CORRUPTIONS, CorruptedRow, CorruptionKind, right
from embedded.drill.play import DrillRun
from embedded.drill.verdict import judge

NOW = "2026-03-10T15:00:00Z"


def way(name: str) -> CorruptionKind:
    """One of the ways."""
    return next(one for one in CORRUPTIONS if one.name == name)


def row(status: str, send: str, *, contacted: bool, connected: bool = False) -> dict[str, Any]:
    """A prospect and its step as they stand."""
    return {
        "status": status,
        "send_status": send,
        "contacted_at": NOW if contacted else None,
        "connected_at": NOW if connected else None,
        "linkedin_id": "ACoAAAna",
    }


@pytest.mark.parametrize(
    ("name", "seen", "is_right"),
    [
        ("marked_sent_and_never_sent", row("connection_request_sent", "sent", contacted=False), False),
        ("marked_sent_and_never_sent", row("pending", "pending", contacted=False), True),
        ("marked_sent_and_never_sent", row("pending", "sent", contacted=False), False),
        ("contact_lost", row("connection_request_sent", "sent", contacted=False), False),
        ("contact_lost", row("pending", "pending", contacted=False), False),
        ("contact_lost", row("connected", "sent", contacted=True), True),
        ("failed_though_contacted", row("completed", "sent", contacted=True), True),
        ("left_in_hand", row("pending", "dispatched", contacted=False), False),
        ("step_waits_for_who_declined", row("not_interested", "pending", contacted=True), False),
        ("acceptance_lost", row("connection_request_sent", "pending", contacted=True), False),
        ("acceptance_lost", row("connected", "pending", contacted=True, connected=True), True),
    ],
)
def test_a_row_is_right_when_it_says_what_really_was(name: str, seen: dict[str, Any], is_right: bool) -> None:
    assert right(way(name), seen) is is_right


def _told(folder: Path, spoiled: CorruptedRow, invitations: int) -> DrillRun:
    log = folder / "simulator.jsonl"
    calls = [
        {
            "kind": "call",
            "seq": n,
            "at": NOW,
            "real_at": NOW,
            "route": "POST /users/invite",
            "action": "invitation",
            "account_id": "a",
            "recipient": "ACoAAAna",
            "status": 201,
            "effect": True,
            "effect_id": f"i{n}",
            **dict.fromkeys(("answered_at", "recipient_public_id", "text", "error", "fault", "recipient_degree", "recipient_replied_at")),
        }
        for n in range(invitations)
    ]
    log.write_text("".join(json.dumps(call) + "\n" for call in calls))
    return DrillRun([spoiled], 0, None, log, stored=0, view={}, wall_s=1.0)


def test_a_contact_that_the_provider_never_saw_is_wrong_whatever_our_rows_say(tmp_path: Path) -> None:
    mended = CorruptedRow(way("contact_lost"), "p", "s", 0.0, right_after=0.5, seen=row("connection_request_sent", "sent", contacted=True))
    assert judge(_told(tmp_path, mended, invitations=0))["wrong"] == 1
    fine = judge(_told(tmp_path, mended, invitations=1))
    assert (fine["ok"], fine["wrong"], fine["repaired"], fine["repair_p99_s"]) == (True, 0, 1, 0.5)
    twice = judge(_told(tmp_path, mended, invitations=2))
    assert (twice["ok"], twice["contacted_twice"]) == (False, 1)


def test_a_log_that_cannot_be_read_proves_nothing(tmp_path: Path) -> None:
    fine = CorruptedRow(way("failed_though_contacted"), "p", "s", 0.0, right_after=0.5, seen=row("completed", "sent", contacted=True))
    told = _told(tmp_path, fine, invitations=1)
    told.log.write_text("{}\n" + told.log.read_text())
    assert judge(told)["ok"] is False


def test_what_is_never_settled_is_wrong_and_what_waits_for_a_person_is_proposed(tmp_path: Path) -> None:
    left = CorruptedRow(way("step_says_sent"), "p", "s", 0.0, seen=row("pending", "sent", contacted=False))
    assert judge(_told(tmp_path, left, invitations=0))["wrong"] == 1
    asked = CorruptedRow(way("contact_invented"), "p", "s", 0.0, proposed_after=1.0, seen=row("pending", "pending", contacted=True))
    assert judge(_told(tmp_path, asked, invitations=0))["proposed"] == 1
