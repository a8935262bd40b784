"""What became of an attempt with an unknown outcome: the rules of evidence of DESIGN §3 "Unknown", as pure functions.

A write that timed out is never sent again blindly. It is looked up, and each look is kept: one alone seldom proves that
something did *not* happen, because the provider's lists run late and a throttled page is empty. So the answer is one of
three, and `NotYet` carries the moment of the next look. Two kinds of time: `at` is business time, `seen_at` technical.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shared.unipile.models import LISTS_LAG
from shared.vocabulary import Action, Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceThresholds:
    """How much evidence is enough. All of it business time."""

    lag: timedelta = LISTS_LAG
    apart: timedelta = timedelta(minutes=10)
    """Two complete looks that agree lie at least so far apart, or one stale page would be believed twice."""
    horizon: timedelta = timedelta(hours=2)
    """A later invitation that is due within this is waited for: it will stand in the list as witness."""
    most_looks: int = 12
    """After so many looks without an answer a person decides. Their pauses double, so most often `longest` comes first: what a look waits
    for (the read that shows who accepted, the account's opening) may take a day, and eight looks were over in one."""
    longest: timedelta = timedelta(days=5)
    """After so long without an answer a person decides; long enough for a weekend of four days without open hours."""
    granularity: timedelta = timedelta(days=2)
    """Dates in the list come from words like "Sent yesterday"; one that is older than this cannot be ours."""

    @property
    def pause(self) -> timedelta:
        """Before the next look: a little over `apart`, or rounding between the two clocks would waste it."""
        return self.apart * 1.1


class Sight(StrEnum):
    """What a profile shows of the two of them."""

    PENDING = "pending"
    CONNECTED = "connected"
    CLEAR = "clear"  # neither invitation nor relation, and it says how far away the person is
    UNTOLD = "untold"  # not read, not that person, or silent about it: a missing distance is no "not connected"


class Reach(StrEnum):
    """How far a look at messages saw."""

    CHAT = "chat"  # this person's chat, around the moment: an older message or a later one is on the page
    ACCOUNT = "account"  # no chat with the person is known; the account's messages back to before the moment
    NOTHING = "nothing"  # a 404, an empty page, or one that ends too early


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The picture taken before the attempt: what already stood cannot be our doing."""

    pending: bool = False
    connected: bool | None = None
    """None: it did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """The attempt in question."""

    action: Action
    decided_at: datetime
    deadline: datetime
    """Technical: from then on the call can no longer be under way (act_by and the request's time-out)."""
    before: Before | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationLook:
    """One look at the sent invitations and at the person's profile."""

    at: datetime
    seen_at: datetime
    complete: bool
    """Read to its end, and nothing that must stand in it is missing."""
    listed: str | None = None
    """Id of the pending invitation to this person."""
    listed_at: datetime | None = None
    witness: bool = False
    """An own invitation that left later stands in the list."""
    profile: Sight = Sight.UNTOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMessage:
    """A message of ours to this person since the attempt, which no other attempt claims."""

    id: str
    chat_id: str | None
    at: datetime
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLook:
    """One look at what was said."""

    at: datetime
    seen_at: datetime
    reach: Reach
    own: tuple[OwnMessage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """It left. `at` is business time, within the attempt and the look."""

    at: datetime
    why: str
    provider_ref: str | None = None
    chat_id: str | None = None
    connected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DidNot:
    """It never left; the send may be tried again."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """There was nothing to take back any more: the person had accepted."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """Nothing is proven. Look again then (business time)."""

    next_at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPerson:
    """More looks would not tell."""

    why: str


Verdict = Happened | DidNot | NotYet | AskPerson


def judge_invitation(
    doubt: Doubt,
    look: InvitationLook,
    *,
    earlier: Sequence[InvitationLook] = (),
    next_departure: datetime | None = None,
    terms: EvidenceThresholds,
) -> Verdict:
    """Did the invitation leave?

    What shows that it did comes first: a sign that it did outweighs any number of lists without it. `next_departure` is
    when the account's next invitation is planned to leave: it is waited for as a witness, if it is near.
    """
    return _it_stands(doubt, look, earlier, terms) or _it_is_absent(doubt, look, earlier, next_departure, terms)


def _it_stands(doubt: Doubt, look: InvitationLook, earlier: Sequence[InvitationLook], terms: EvidenceThresholds) -> Verdict | None:
    """What a sign of an invitation or a relation says; None when there is no sign."""
    before = doubt.before or Before()
    if look.listed is not None and not before.pending and not _older(doubt, look, terms):
        return Happened(at=_within(doubt, look.listed_at, look.at), why="in the list of sent invitations", provider_ref=look.listed)
    if look.profile is Sight.PENDING and not before.pending and look.listed is None:
        return Happened(at=doubt.decided_at, why="the profile shows our invitation")
    if look.profile is Sight.CONNECTED and before.connected is False:
        return Happened(at=doubt.decided_at, why="connected now, and not before the attempt", connected=True)
    if look.listed is not None or look.profile is Sight.PENDING:
        return _look_later(look.at, earlier, "an invitation stands, but it may be older than this attempt", terms)
    if look.profile is Sight.CONNECTED:
        return _look_later(look.at, earlier, "connected, but since when is not known", terms)
    return None


def _it_is_absent(
    doubt: Doubt, look: InvitationLook, earlier: Sequence[InvitationLook], next_departure: datetime | None, terms: EvidenceThresholds
) -> Verdict:
    """Whether the absence of every sign is proof."""
    if not _counts(doubt, look, terms):
        return _look_later(look.at, earlier, _shortcoming(doubt, look, terms), terms)
    if look.witness:
        return DidNot(why="a later invitation stands in the list and this one does not")
    witness_is_near = next_departure is not None and next_departure <= look.at + terms.horizon
    needed = terms.horizon if witness_is_near else terms.apart
    if any(_counts(doubt, e, terms) and look.at - e.at >= needed for e in earlier):
        return DidNot(why="complete looks agree, and no later invitation came to bear witness")
    if witness_is_near and next_departure is not None:
        return NotYet(next_at=max(next_departure + terms.lag, look.at + terms.pause), why="waits for a later invitation as witness")
    # Soon, however many looks proved nothing before: what they waited for has come.
    return NotYet(next_at=look.at + terms.pause, why="one complete look lacks it; a second must agree")


def judge_withdrawal(
    doubt: Doubt, look: InvitationLook, *, earlier: Sequence[InvitationLook] = (), terms: EvidenceThresholds
) -> Verdict | Accepted:
    """Was the invitation taken back?

    One that is listed still was not, and asking the provider again is harmless. One that is gone was taken back, or ignored, which
    comes to the same; unless the two are connected now: then the person was faster.
    """
    if not late_enough(doubt, look, terms):
        return _look_later(look.at, earlier, "seen before the call was certainly over and the provider's lag had passed", terms)
    if look.listed is not None:
        return DidNot(why="the invitation stands in the list of sent invitations")
    match look.profile:
        case Sight.CONNECTED:
            return Accepted(why="connected now: the invitation was accepted before it could be taken back")
        case Sight.PENDING:
            return DidNot(why="the profile shows our invitation")
        case Sight.CLEAR if look.complete:
            return Happened(at=doubt.decided_at, why="gone from the whole list of sent invitations, and not connected")
        case _:
            why = "the list was not whole" if not look.complete else "the profile does not tell"
            return _look_later(look.at, earlier, why, terms)


def judge_message(doubt: Doubt, look: MessageLook, *, earlier: Sequence[MessageLook] = (), terms: EvidenceThresholds) -> Verdict:
    """Did the message leave? The text only ranks the candidates: LinkedIn may change it on its way."""
    if look.own:
        found = min(look.own, key=lambda m: (_collapse_spaces(m.text) != _collapse_spaces(doubt.text), m.at))
        return Happened(
            at=_within(doubt, found.at, look.at),
            why="an own message that no other attempt claims",
            provider_ref=found.id,
            chat_id=found.chat_id,
        )
    if not late_enough(doubt, look, terms):
        return _look_later(look.at, earlier, "seen before the call was certainly over and the provider's lag had passed", terms)
    if look.reach is Reach.CHAT:
        return DidNot(why="the chat shows what was said around that moment, and this is not in it")
    if look.reach is Reach.NOTHING:
        return _look_later(look.at, earlier, "an empty or missing page proves nothing", terms)
    # No chat with the person is known. A new chat may be shown late, so one look at the whole account is not enough.
    if any(e.reach is not Reach.NOTHING and late_enough(doubt, e, terms) and look.at - e.at >= terms.apart for e in earlier):
        return DidNot(why="two looks at all the account said lack it")
    return _look_later(look.at, earlier, "one look at all the account said lacks it; a second must agree", terms)


def late_enough(doubt: Doubt, look: InvitationLook | MessageLook, terms: EvidenceThresholds) -> bool:
    """The call could no longer act, and the provider had the time to show its effect."""
    return look.seen_at > doubt.deadline and look.at >= doubt.decided_at + terms.lag


def worth_a_profile(doubt: Doubt, look: InvitationLook, *, terms: EvidenceThresholds) -> bool:
    """Whether the person's profile could settle what the list alone left open. It is a read of its own, so only then."""
    return look.listed is None and late_enough(doubt, look, terms)


def judge_email(doubt: Doubt) -> Verdict:
    """A mail whose fate is open stays open: SMTP keeps no list of what it took."""
    return AskPerson(why=f"the mail server's answer to the message decided at {doubt.decided_at:%Y-%m-%d %H:%M} UTC was never seen")


JUDGED_WITHOUT_A_READ: Final[Mapping[Evidence, Callable[[Doubt], Verdict]]] = {Evidence.NOTHING: judge_email}
"""Kinds of evidence that no read can bring: the verdict on an unknown attempt at once."""


def with_patience(verdict: Verdict | Accepted, doubt: Doubt, *, looks: int, now: datetime, terms: EvidenceThresholds) -> Verdict | Accepted:
    """Turn a `NotYet` into `AskPerson` when it went on for too long; `looks` counts this one as well."""
    if isinstance(verdict, NotYet) and (looks >= terms.most_looks or now - doubt.decided_at >= terms.longest):
        return AskPerson(why=f"{verdict.why} (after {looks} looks)")
    return verdict


def _counts(doubt: Doubt, look: InvitationLook, terms: EvidenceThresholds) -> bool:
    """A look that speaks for "it did not": whole, late enough, and both places agree."""
    return look.complete and look.listed is None and look.profile is Sight.CLEAR and late_enough(doubt, look, terms)


def _shortcoming(doubt: Doubt, look: InvitationLook, terms: EvidenceThresholds) -> str:
    if not late_enough(doubt, look, terms):
        return "seen before the call was certainly over and the provider's lag had passed"
    return "the list was not whole" if not look.complete else "the profile does not tell"


def _older(doubt: Doubt, look: InvitationLook, terms: EvidenceThresholds) -> bool:
    return look.listed_at is not None and look.listed_at < doubt.decided_at - terms.granularity


def _within(doubt: Doubt, told: datetime | None, seen: datetime) -> datetime:
    """The provider's own date where it can be true; else the moment of the decision, which the call followed at once."""
    return told if told is not None and doubt.decided_at <= told <= seen else doubt.decided_at


def _look_later(at: datetime, earlier: Sequence[object], why: str, terms: EvidenceThresholds) -> NotYet:
    """The first pauses are as short as two agreeing looks need, later ones double: the provider is asked ever less."""
    return NotYet(next_at=at + terms.pause * (1 << max(len(earlier) - 1, 0)), why=why)


def _collapse_spaces(text: str | None) -> str:
    return " ".join((text or "").split())
