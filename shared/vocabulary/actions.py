"""What an account can do at the provider, and the facts that every component reads instead of the name of an action.

One row of `ACTIONS` per action, one row of `STEP_TYPES` per kind of campaign step. A new step type that acts like a known one (an InMail
is a text to a person who is no connection yet) is two rows here, its daily cap (shared/policy/limits.py), the provider's call
(shared/unipile/client.py), its place in the channel (services/sender/channels/linkedin.py) and a migration for the enum value
(docs/adr/0044).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.vocabulary.words import CampaignType, Channel


class Action(StrEnum):
    """What an account does outside; caps, cool-downs and lanes are counted by it."""

    INVITATION = "invitation"
    MESSAGE = "message"
    PROFILE_LOOKUP = "profile_lookup"
    EMAIL = "email"
    WITHDRAWAL = "withdrawal"  # of an invitation that was not answered

    @property
    def facts(self) -> "ActionFacts":
        """The action's row of `ACTIONS`."""
        return ACTIONS[self]

    @property
    def role(self) -> "ActionRole":
        """What the action is for."""
        return ACTIONS[self].role


class ActionRole(StrEnum):
    """What the action is for; rules of the policy and the planning ask for the role."""

    RESOLVE = "resolve"  # finds the person's id; the person receives nothing
    CONNECT = "connect"  # asks for a connection: one per person and workspace, a weekly cap, a short note
    WRITE = "write"  # brings a text to the person
    WITHDRAW = "withdraw"  # ends an invitation that was not answered; independent of where the sequence stands


class Evidence(StrEnum):
    """Where the provider shows afterwards whether an action took place."""

    INVITATIONS = "invitations"  # the list of sent invitations, then the person's profile
    MESSAGES = "messages"  # the account's own messages
    REPEATABLE = "repeatable"  # not needed: the action has no effect and can be repeated
    NOTHING = "nothing"  # the provider keeps nothing that could be read: an operator decides


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFacts:
    """The facts of one action."""

    channel: Channel
    role: ActionRole
    evidence: Evidence
    needs_connection: bool = False
    """Whether the person must be a connection of the account."""
    waits_for_reply_reads: bool = False
    """Whether a follow-up waits until the account's chats were read lately (docs/adr/0011)."""

    @property
    def contacts(self) -> bool:
        """Whether the person receives something; `contacts_person` in SQL."""
        return self.role in {ActionRole.CONNECT, ActionRole.WRITE}


ACTIONS: Final[Mapping[Action, ActionFacts]] = {
    Action.INVITATION: ActionFacts(channel=Channel.LINKEDIN, role=ActionRole.CONNECT, evidence=Evidence.INVITATIONS),
    Action.MESSAGE: ActionFacts(
        channel=Channel.LINKEDIN, role=ActionRole.WRITE, evidence=Evidence.MESSAGES, needs_connection=True, waits_for_reply_reads=True
    ),
    Action.PROFILE_LOOKUP: ActionFacts(channel=Channel.LINKEDIN, role=ActionRole.RESOLVE, evidence=Evidence.REPEATABLE),
    Action.EMAIL: ActionFacts(channel=Channel.EMAIL, role=ActionRole.WRITE, evidence=Evidence.NOTHING),
    Action.WITHDRAWAL: ActionFacts(channel=Channel.LINKEDIN, role=ActionRole.WITHDRAW, evidence=Evidence.INVITATIONS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepType:
    """A kind of step that a campaign can have."""

    word: str
    """As `message_type` has it; a numbered one is followed by its number, as in `follow_up_2`."""
    action: Action
    campaigns: frozenset[CampaignType]
    """The types of campaigns that can have such a step."""
    first: frozenset[CampaignType] = frozenset()
    """The types of campaigns that begin with it."""
    numbered: bool = True

    @property
    def first_name(self) -> str:
        """The message type of the first step of this kind."""
        return f"{self.word}_1" if self.numbered else self.word


STEP_TYPES: Final = (
    StepType(
        word="connection_request",
        action=Action.INVITATION,
        campaigns=frozenset({CampaignType.CONNECTOR}),
        first=frozenset({CampaignType.CONNECTOR}),
        numbered=False,
    ),
    StepType(
        word="direct_message",
        action=Action.MESSAGE,
        campaigns=frozenset({CampaignType.CONNECTOR, CampaignType.MESSENGER}),
        first=frozenset({CampaignType.MESSENGER}),
    ),
    StepType(word="follow_up", action=Action.MESSAGE, campaigns=frozenset({CampaignType.CONNECTOR, CampaignType.MESSENGER})),
    StepType(word="email", action=Action.EMAIL, campaigns=frozenset({CampaignType.EMAIL}), first=frozenset({CampaignType.EMAIL})),
)
"""In the order in which a campaign's steps follow one another where it names no order."""
