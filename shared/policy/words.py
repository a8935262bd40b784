"""What the policy's answers are called in front of people: one table for the live view, the API and `tact explain`."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from shared.policy.verdict import Condition, Reason


@dataclass(frozen=True, slots=True)
class Words:
    """`short` fits a column of 14 characters; `sentence` stands alone and says what would change it, if anything can."""

    short: str
    sentence: str


REASONS: Final[Mapping[Reason, Words]] = MappingProxyType(
    {
        Reason.CAMPAIGN_ENDED: Words("campaign over", "The campaign is completed or cancelled, so nothing more of it leaves."),
        Reason.SUPPRESSED: Words("do not contact", "The person is on a do-not-contact list."),
        Reason.OPTED_OUT: Words("opted out", "The person asked not to be written to any more."),
        Reason.CONVERTED: Words("converted", "The person has converted; the sequence has done its work."),
        Reason.NOT_INTERESTED: Words("not interested", "The person is not interested."),
        Reason.REPLIED: Words("replied", "The person has replied; only a person of yours resumes the sequence."),
        Reason.FAILED: Words("failed", "The prospect was given up before any contact. Mend the cause and reopen the send."),
        Reason.WITHDRAWN: Words("withdrawn", "The invitation was taken back."),
        Reason.COMPLETED: Words("completed", "The sequence is finished for this prospect."),
        Reason.OTHER_SEQUENCE: Words("other sequence", "The person is in another campaign's sequence, and one at a time is enough."),
        Reason.ALREADY_CONTACTED: Words("contacted", "Only people who were not contacted before are invited, and this one was."),
        Reason.ALREADY_CONNECTED: Words("is connected", "The person is a connection of the account already."),
        Reason.NOT_CONNECTED: Words("not connected", "The step needs the person to be a connection of the account."),
        Reason.SCHEDULE_UNREADABLE: Words("bad schedule", "The stored hours or time zone cannot be read, so nothing leaves. Mend them."),
        Reason.CAMPAIGN_NOT_RUNNING: Words("campaign off", "The campaign does not run. Start or resume it."),
        Reason.ACCOUNT_PAUSED: Words("account paused", "A person has paused the account. Resume it."),
        Reason.ACCOUNT_DISCONNECTED: Words("disconnected", "The provider has lost the account's session. Reconnect the account there."),
        Reason.INVITED_BY_HAND: Words("by hand", "A member of the workspace has invited this person in LinkedIn itself."),
        Reason.NOT_INVITED: Words("not invited", "There is no open invitation to take back."),
        Reason.WITHDRAWAL_OFF: Words("not taken back", "The campaign takes no invitations back any more."),
        Reason.STILL_WAITING: Words("still waiting", "The invitation has not waited long enough to be taken back."),
        Reason.NOT_DUE: Words("not due yet", "Its planned moment has not come yet."),
        Reason.OUT_OF_OFFICE: Words("out of office", "The person is away and said so."),
        Reason.REPLIES_UNREAD: Words("reads replies", "The account's messages are read once more first: an answer may have come."),
        Reason.RELOCK: Words("invited before", "An invitation was withdrawn, and LinkedIn refuses another one for three weeks."),
        Reason.HOURS: Words("outside hours", "It is outside the working hours."),
        Reason.WEEKEND: Words("weekend", "It is a day off of the week."),
        Reason.HOLIDAY: Words("holiday", "It is a holiday or an extra day off."),
        Reason.SPACING: Words("spacing", "The account rests between two of its actions."),
        Reason.DAY_END: Words("end of its day", "The account's day ends before a call would."),
        Reason.DAILY_CAP: Words("day's limit", "The account has done all it may on this day."),
        Reason.WARM_UP: Words("warming up", "The account is new and has done all it may on this day of its warm-up."),
        Reason.WEEKLY_CAP: Words("week's limit", "The account has sent all the invitations it may in seven days."),
        Reason.COOL_DOWN: Words("cooling down", "The provider said that the account does this too often, so the account rests from it."),
    }
)

CONDITIONS: Final[Mapping[Condition, str]] = MappingProxyType(
    {
        Condition.CAMPAIGN_RUNNING: "until the campaign runs",
        Condition.ACCOUNT_USABLE: "until the account can be used again",
        Condition.CONNECTION: "until the person is a connection of the account",
        Condition.OTHER_SEQUENCE: "until the person's other sequence is over",
        Condition.SETTINGS: "until an operator corrects the hours or the time zone that cannot be read",
        Condition.OPENING: "until an operator changes a schedule or a limit that leaves no moment within 400 days",
    }
)
