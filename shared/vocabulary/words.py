"""The words. Their order is the order a newcomer meets them in, and the order of the enum types in the database."""

from enum import StrEnum
from typing import Final


class ProspectStatus(StrEnum):
    """Where one enrolment of a lead in a campaign stands (column `campaign_prospects.status`)."""

    PENDING = "pending"
    APPROVED = "approved"
    CONNECTION_REQUEST_SENT = "connection_request_sent"
    CONNECTED = "connected"
    MESSAGING = "messaging"
    REPLIED = "replied"
    COMPLETED = "completed"
    FAILED = "failed"  # given up without ever having been contacted
    OPTED_OUT = "opted_out"
    CONVERTED = "converted"
    NOT_INTERESTED = "not_interested"
    WITHDRAWN = "withdrawn"


class SendStatus(StrEnum):
    """Where one step for one prospect stands (column `send_queue.status`)."""

    PENDING = "pending"
    DISPATCHED = "dispatched"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    """Where one try to deliver stands (column `send_attempts.state`)."""

    INTENT = "intent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    RELEASED = "released"  # never started
    NOT_HAPPENED = "not_happened"  # looked up, and it did not take place


class FailureReason(StrEnum):
    """Why an attempt came to nothing, where the sender itself found out (column `send_queue.error_message`).

    Beside these the column has reasons of the policy (shared/policy/verdict.py), types of the provider (shared/unipile/errors.py) and
    sentences of the planner. services/queuer/rules/insight/failure_reasons.py has a sentence for each.
    """

    NOT_STARTED = "not_started"  # the time for the call was over; the send is decided again
    UNUSABLE = "unusable"  # the sender refused its own request: no byte of it left
    ANOTHER_PERSON = "another_person"  # the look-up showed a person other than the lead
    NOT_CONNECTED = "not_connected"


class CampaignStatus(StrEnum):
    """Whether a campaign's sends may leave (column `campaigns.status`)."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class CampaignType(StrEnum):
    """How a campaign reaches its people: invite first, message a connection at once, or write an e-mail."""

    CONNECTOR = "connector"
    MESSENGER = "messenger"
    EMAIL = "email"

    @classmethod
    def _missing_(cls, value: object) -> "CampaignType | None":
        return cls.EMAIL if value == "outreach" else None  # older data's word, accepted on input


class Channel(StrEnum):
    """The way out an account offers."""

    LINKEDIN = "linkedin"
    EMAIL = "email"


class AccountType(StrEnum):
    """What the LinkedIn member pays for; it decides caps and the length of a note."""

    FREE = "free"
    PREMIUM = "premium"
    SALES_NAVIGATOR = "sales_navigator"


class AccountStatus(StrEnum):
    """Whether an account may act."""

    USABLE = "usable"
    PAUSED = "paused"  # by a person
    DISCONNECTED = "disconnected"  # the provider lost the session; a person reconnects it


class ApprovalStatus(StrEnum):
    """Whether a person has let an imported row become a prospect."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


class SuppressionKind(StrEnum):
    """What an entry of the do-not-contact lists names."""

    PERSON = "person"
    EMAIL = "email"
    COMPANY = "company"
    DOMAIN = "domain"


class Reply(StrEnum):
    """What kind of answer came back."""

    HUMAN = "human"
    OUT_OF_OFFICE = "out_of_office"
    OPT_OUT = "opt_out"


class MissingValue(StrEnum):
    """What a campaign does about a placeholder that has no value and no default."""

    BLOCK = "block"  # the send fails with the reason; a person mends the lead
    SKIP = "skip"
    BLANK = "blank"


class Role(StrEnum):
    """What the bearer of a token may do, weakest first."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


FIRST_DEGREE: Final = "FIRST_DEGREE"
"""How the provider says that two people are connected (UNIPILE.md §2.1)."""


class NoticeKind(StrEnum):
    """What people are told of, unasked."""

    SEND_FAILED = "send_failed"  # for good: refused, or given up after its retries
    ACCOUNT_PAUSED = "account_paused"
    ACCOUNT_DISCONNECTED = "account_disconnected"
    TEST = "test"  # an operator checks that a channel works
    ATTEMPT_UNKNOWN = "attempt_unknown"  # no look-up can tell whether the message left, so an operator must decide
    CONSUMER_STOPPED = "consumer_stopped"  # too much of a topic could not be handled
    INTEGRITY_ALERT = "integrity_alert"  # the data, or what keeps it right, is in a bad state
    INTEGRITY_OVER = "integrity_over"  # and is not any more
    CAMPAIGN_COMPLETED = "campaign_completed"  # by itself: all its prospects are at an end
    STACK_READ_ONLY = "stack_read_only"  # database and Kafka do not belong together any more, and nothing leaves


class NoticeMedium(StrEnum):
    """The way a notice reaches a person."""

    WEBHOOK = "webhook"
    SLACK = "slack"
    EMAIL = "email"


class DeliveryState(StrEnum):
    """Where one notice stands on one way (column `notice_deliveries.state`)."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"
    HELD_BACK = "held_back"  # never tried: too old, or one of a flood


COMMAND_LINE: Final = "command line"
"""The actor in the audit log for what a command of `tact` did directly on the database."""

ACTIVE: Final = frozenset(
    {
        ProspectStatus.PENDING,
        ProspectStatus.APPROVED,
        ProspectStatus.CONNECTION_REQUEST_SENT,
        ProspectStatus.CONNECTED,
        ProspectStatus.MESSAGING,
    }
)
"""Statuses of a prospect that is in its sequence; `is_active` in SQL. This set and those below stand once in SQL as well
(shared/db/routines/05_words.sql), and a test compares them."""

UNSTARTED: Final = frozenset({ProspectStatus.PENDING, ProspectStatus.APPROVED})
"""Statuses of a prospect that waits for its first step; `is_unstarted` in SQL."""

STOPPING: Final = frozenset({ProspectStatus.REPLIED, ProspectStatus.OPTED_OUT, ProspectStatus.CONVERTED, ProspectStatus.NOT_INTERESTED})
"""Statuses that stop every message; `is_stopping` in SQL."""

OPEN: Final = frozenset({SendStatus.PENDING, SendStatus.DISPATCHED, SendStatus.SENDING})
"""Statuses of a send that has not come to an end; `is_open` in SQL."""

IN_HAND: Final = frozenset({SendStatus.DISPATCHED, SendStatus.SENDING})
"""Statuses of a send that a sender has, or whose event is on the way to one; `is_in_hand` in SQL."""

STOPPABLE: Final = frozenset({SendStatus.PENDING, SendStatus.DISPATCHED})
"""Statuses in which no provider call for the send has begun, so a stop still comes in time; `is_stoppable` in SQL."""

CONTACTED: Final = frozenset(
    {
        ProspectStatus.CONNECTION_REQUEST_SENT,
        ProspectStatus.CONNECTED,
        ProspectStatus.MESSAGING,
        ProspectStatus.REPLIED,
        ProspectStatus.FAILED,
        ProspectStatus.COMPLETED,
        ProspectStatus.WITHDRAWN,
        ProspectStatus.OPTED_OUT,
        ProspectStatus.CONVERTED,
        ProspectStatus.NOT_INTERESTED,
    }
)
"""Statuses in which `contacted_at` may be set: the five people know, and those that can only follow them."""

LIVE_ATTEMPTS: Final = frozenset({AttemptState.INTENT, AttemptState.UNKNOWN, AttemptState.ACCEPTED})
"""States of an attempt that forbid another one for the same send; `is_live` in SQL."""

UNDECIDED_ATTEMPTS: Final = frozenset({AttemptState.INTENT, AttemptState.UNKNOWN})
"""States of an attempt of which is not known yet whether it took place; `is_undecided` in SQL."""
