"""The texts of notices: what happened, to whom, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from services.healer.rules.health.alerts import AlertKind, describe_alert
from shared.contracts.topics import TOPICS
from shared.notices.notice import Notice, moment, one_line, sentence, subject
from shared.vocabulary import AccountStatus, NoticeKind

OLDEST: Final = timedelta(days=7)
"""Business time. What happened longer ago is kept in the log and not delivered: a topic that is consumed again from its
beginning is no news. Longer than any weekend with holidays that a stack's clock skips."""
FLOOD_WINDOW: Final = timedelta(hours=1)
MOST_IN_WINDOW: Final = 20
"""Notices of one kind about one campaign or account that people are told of within FLOOD_WINDOW (technical). A template that
fails for ten thousand people is one thing to mend, not ten thousand mails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedSendFacts:
    """A send that failed for good, with what people call it."""

    send_id: UUID
    workspace_id: UUID
    campaign_id: UUID
    campaign_name: str
    prospect_id: UUID
    person: str
    company: str
    account_id: UUID
    account_name: str
    message_type: str
    reason: str | None
    at: datetime
    detail: str | None = None
    """The cause in words, where `reason` is a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LostAccountFacts:
    """An account that may not act any more; `version` tells one loss from the next."""

    account_id: UUID
    workspace_id: UUID
    account_name: str
    provider_account_id: str
    status: AccountStatus
    reason: str | None
    version: int
    at: datetime


def word_failed_send(send: FailedSendFacts) -> Notice:
    """A send reopened by a person may fail again, which is another failure at another moment."""
    step = send.message_type.replace("_", " ").capitalize()
    person = one_line(send.person) or "a person without a name"
    company = f" ({one_line(send.company)})" if send.company.strip() else ""
    why = sentence(send.detail or send.reason) or "No reason was given."
    return Notice(
        workspace_id=send.workspace_id,
        kind=NoticeKind.SEND_FAILED,
        dedupe_key=f"send_failed:{send.send_id}:{send.at.astimezone(UTC).isoformat()}",
        about=send.campaign_id,
        subject=subject(f"{step} to {person} failed"),
        text=(
            f'{step} to {person}{company} in the campaign "{one_line(send.campaign_name)}" from the account '
            f'"{one_line(send.account_name)}" failed for good on {moment(send.at)}.\nWhy: {why}\n'
            f"It is not tried again by itself. See it with `tact failed show {send.send_id}`; when the cause is mended, "
            f"`tact failed retry {send.send_id} --apply` tries anew, and `tact failed drop {send.send_id} --apply` lets it be."
        ),
        details={
            "send_id": str(send.send_id),
            "campaign_id": str(send.campaign_id),
            "campaign_name": send.campaign_name,
            "prospect_id": str(send.prospect_id),
            "person": send.person,
            "company": send.company,
            "account_id": str(send.account_id),
            "account_name": send.account_name,
            "message_type": send.message_type,
            "reason": send.reason,
            "detail": send.detail,
        },
        happened_at=send.at,
    )


def word_lost_account(account: LostAccountFacts) -> Notice:
    """A paused or disconnected account; the same one lost again later has another version."""
    paused = account.status is AccountStatus.PAUSED
    name = one_line(account.account_name)
    why = sentence(account.reason)
    todo = (
        f"Let it act again with `tact account resume {account.provider_account_id}`."
        if paused
        else "Reconnect it at Unipile; it comes back by itself, and nothing that piled up leaves in a burst."
    )
    return Notice(
        workspace_id=account.workspace_id,
        kind=NoticeKind.ACCOUNT_PAUSED if paused else NoticeKind.ACCOUNT_DISCONNECTED,
        dedupe_key=f"account:{account.account_id}:{account.version}",
        about=account.account_id,
        subject=subject(f"Account {name} is {account.status}"),
        text=(
            f'The account "{name}" ({account.provider_account_id}) is {account.status} since {moment(account.at)}; nothing leaves from it, '
            f"in any campaign.\n" + (f"Why: {why}\n" if why else "") + todo
        ),
        details={
            "account_id": str(account.account_id),
            "account_name": account.account_name,
            "provider_account_id": account.provider_account_id,
            "status": account.status.value,
            "reason": account.reason,
            "version": account.version,
        },
        happened_at=account.at,
    )


@dataclass(frozen=True, slots=True)
class UnknownAttemptFacts:
    """An attempt that no look will settle any more."""

    attempt_id: int
    workspace_id: UUID
    campaign_id: UUID
    campaign_name: str
    prospect_id: UUID
    person: str
    company: str
    account_id: UUID
    account_name: str
    message_type: str
    send_id: UUID
    decided_at: datetime
    looks: int


@dataclass(frozen=True, slots=True)
class StoppedConsumerFacts:
    """A consumer that handles nothing more, for one workspace: what went wrong in it may be another one's and is not told."""

    stop_id: int
    workspace_id: UUID
    topic: str
    group_name: str


@dataclass(frozen=True, slots=True)
class CompletedCampaignFacts:
    """A campaign whose people are all at an end; one that went on may be completed again at another moment."""

    campaign_id: UUID
    workspace_id: UUID
    campaign_name: str
    completed_at: datetime
    people: int
    replied: int


def word_completed_campaign(campaign: CompletedCampaignFacts) -> Notice:
    """Nothing went wrong: the campaign's owner learns that it has capacity for more prospects."""
    return Notice(
        workspace_id=campaign.workspace_id,
        kind=NoticeKind.CAMPAIGN_COMPLETED,
        dedupe_key=f"campaign_completed:{campaign.campaign_id}:{campaign.completed_at.astimezone(UTC).isoformat()}",
        about=campaign.campaign_id,
        subject=subject(f"Campaign {one_line(campaign.campaign_name)} is completed"),
        text=(
            f'Every prospect of the campaign "{one_line(campaign.campaign_name)}" has reached its end since '
            f"{moment(campaign.completed_at)}: "
            f"{campaign.people} people, of whom {campaign.replied} have answered.\n"
            "It resumes by itself when another prospect is approved for it. `tact campaign complete` ends it for good."
        ),
        details={
            "campaign_id": str(campaign.campaign_id),
            "campaign_name": campaign.campaign_name,
            "people": campaign.people,
            "replied": campaign.replied,
        },
        happened_at=campaign.completed_at,
    )


@dataclass(frozen=True, slots=True)
class ReadOnlyStackFacts:
    """A stack from which nothing leaves until a person adopts it, for one workspace; `mark` tells this time from the next."""

    workspace_id: UUID
    since: datetime  # technical
    mark: str


class AlertRow(Protocol):
    """An alert as its store keeps it; times are technical."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> AlertKind: ...
    @property
    def about(self) -> str: ...
    @property
    def evidence(self) -> Mapping[str, Any]: ...
    @property
    def opened_at(self) -> datetime: ...
    @property
    def closed_at(self) -> datetime | None: ...


def word_unknown_attempt(attempt: UnknownAttemptFacts, *, now: datetime) -> Notice:
    """Written once, when an operator must decide; nothing more is sent to the prospect until then."""
    step = attempt.message_type.replace("_", " ").capitalize()
    person = one_line(attempt.person) or "a person without a name"
    company = f" ({one_line(attempt.company)})" if attempt.company.strip() else ""
    return Notice(
        workspace_id=attempt.workspace_id,
        kind=NoticeKind.ATTEMPT_UNKNOWN,
        dedupe_key=f"attempt_unknown:{attempt.attempt_id}",
        about=attempt.account_id,
        subject=subject(f"Did the {step.lower()} to {person} leave?"),
        text=(
            f'{step} to {person}{company} in the campaign "{one_line(attempt.campaign_name)}" from the account '
            f'"{one_line(attempt.account_name)}" was tried on {moment(attempt.decided_at)}, and no answer came. {attempt.looks} looks '
            f"at the provider's lists did not settle it, so it is looked up no more and its send waits for you.\n"
            f"See what was found with `tact unknown show {attempt.attempt_id}`, look at the account yourself, then say which: "
            f"`tact unknown resolve {attempt.attempt_id} accepted` or `not-happened`, with --reason and --apply."
        ),
        details={
            "attempt_id": attempt.attempt_id,
            "send_id": str(attempt.send_id),
            "campaign_id": str(attempt.campaign_id),
            "campaign_name": attempt.campaign_name,
            "prospect_id": str(attempt.prospect_id),
            "person": attempt.person,
            "company": attempt.company,
            "account_id": str(attempt.account_id),
            "account_name": attempt.account_name,
            "message_type": attempt.message_type,
            "decided_at": attempt.decided_at.isoformat(),
            "looks": attempt.looks,
        },
        happened_at=now,
    )


def word_stopped_consumer(stop: StoppedConsumerFacts, *, now: datetime) -> Notice:
    """Told once per stop and workspace."""
    return Notice(
        workspace_id=stop.workspace_id,
        kind=NoticeKind.CONSUMER_STOPPED,
        dedupe_key=f"consumer_stopped:{stop.stop_id}:{stop.workspace_id}",
        about=stop.workspace_id,
        subject=subject(f"{stop.group_name} stopped"),
        text=(
            f"The consumer {stop.group_name} could not handle too much of what it read, and stopped. {_explain_stop(stop.topic)}\n"
            "Nothing is lost: what it did not read waits in its topic, and what it could not handle is kept. An administrator sees "
            f"the cause with `tact dead-letters stopped`, mends it, and says `tact dead-letters resume {stop.group_name} --apply`."
        ),
        details={"topic": stop.topic, "group": stop.group_name},
        happened_at=now,
    )


def word_read_only_stack(stack: ReadOnlyStackFacts, *, now: datetime) -> Notice:
    """Written once each time for every workspace; the reason is for administrators and means nothing to a tenant."""
    return Notice(
        workspace_id=stack.workspace_id,
        kind=NoticeKind.STACK_READ_ONLY,
        dedupe_key=f"stack_read_only:{stack.mark}:{stack.workspace_id}",
        about=stack.workspace_id,
        subject=subject("nothing leaves, the stack is read-only"),
        text=(
            f"Since {moment(stack.since)} nothing leaves from any account: the database is not the one that was here before, as after a "
            "restored backup, and people might be written to a second time.\n"
            "Replies and opt-outs are processed as always, and no prospect is lost. "
            "An administrator sees why with `tact status`; `tact adopt` says what to do, and with --apply sending resumes."
        ),
        details={"since": stack.since.astimezone(UTC).isoformat()},
        happened_at=now,
    )


def word_alert(alert: AlertRow, *, workspace_id: UUID, over: bool, now: datetime) -> Notice:
    """That it began, or that it is over; one of each for every alert and workspace."""
    what, so, todo = describe_alert(alert.kind, alert.evidence)
    about = UUID(alert.about) if alert.about else workspace_id
    kind = NoticeKind.INTEGRITY_OVER if over else NoticeKind.INTEGRITY_ALERT
    lasted = f"It is over: it held from {moment(alert.opened_at)} to {moment(alert.closed_at or alert.opened_at)} (real time)."
    return Notice(
        workspace_id=workspace_id,
        kind=kind,
        dedupe_key=f"{kind.value}:{alert.id}:{workspace_id}",
        about=about,
        subject=subject(f"Over: {what}" if over else what),
        text=f"{lasted}\nWhat it was: {so}" if over else f"{so}\n{todo}",
        details={"alert_id": alert.id, "alert": alert.kind.value, "about": alert.about, "evidence": dict(alert.evidence)},
        happened_at=now,
    )


def word_test(*, workspace_id: UUID, channel_id: UUID, channel_name: str, test_id: UUID, at: datetime) -> Notice:
    """A test of a channel that an operator requests; each request is a notice of its own."""
    name = one_line(channel_name)
    return Notice(
        workspace_id=workspace_id,
        kind=NoticeKind.TEST,
        dedupe_key=f"test:{test_id}",
        about=channel_id,
        subject=subject(f"Test of the channel {name}"),
        text=f'This is a test of the channel "{name}". Notices of Tact arrive here; there is nothing to do.',
        details={"channel_id": str(channel_id), "channel_name": channel_name},
        happened_at=at,
    )


def hold_back_reason(notice: Notice, *, told_lately: int, now: datetime) -> str | None:
    """Why a notice is kept and not delivered; None when it is delivered. `now` is business time."""
    if notice.kind is NoticeKind.SEND_FAILED and now - notice.happened_at > OLDEST:
        return f"It happened more than {OLDEST.days} days before it was read, so it is only kept here."
    if told_lately >= MOST_IN_WINDOW:
        return f"{MOST_IN_WINDOW} of this kind about the same were told within the hour before, so it is only kept here."
    return None


def announce_flood_limit(notice: Notice, *, told_lately: int) -> Notice:
    """The last notice before a flood is held back says so; any other comes back as it is."""
    if told_lately != MOST_IN_WINDOW - 1:
        return notice
    return replace(notice, text=f"{notice.text}\nMore of this kind within the hour are kept and not sent: `tact notices log` shows them.")


def _explain_stop(topic: str) -> str:
    """A service of a newer release may consume a topic that this release does not know."""
    declared = TOPICS.get(topic)
    return declared.while_stopped if declared else "Until the consumer resumes, its messages are processed late."
