"""Every error type of the provider with its meaning, in one table, and the exceptions the client raises.

The table follows UNIPILE.md §3.2 (types) and §3.4 (what each means). The list of types is not closed: what the table
does not know is judged by its HTTP status. Held by tests/unit/shared/unipile/test_unipile_error_table.py, one case per row.
"""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from shared.unipile.findings import HOURS, MAIL_BLOCK, QUOTA, WEEKLY_CAP, Blame, CallSubject, CoolDown, Finding, Remedy


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error type: the statuses it is documented with, its finding, and the finding on a write where that differs."""

    statuses: tuple[int, ...]
    finding: Finding
    on_write: Finding | None = None


def _recipient(meaning: str, remedy: Remedy = Remedy.STOP_SEND, *, wait: timedelta | None = None) -> Finding:
    return Finding(Blame.RECIPIENT, remedy, meaning, wait=wait)


def _paused(meaning: str) -> Finding:
    return Finding(Blame.ACCOUNT, Remedy.PAUSE_ACCOUNT, meaning)


def _lacking(meaning: str) -> Finding:
    return Finding(Blame.ACCOUNT, Remedy.FEATURE_MISSING, meaning)


def _limit(meaning: str, cool_down: CoolDown, *, look_first: bool = False) -> Finding:
    return Finding(Blame.ACCOUNT, Remedy.COOL_DOWN, meaning, cool_down=cool_down, look_first=look_first)


def _ours(meaning: str) -> Finding:
    return Finding(Blame.OURS, Remedy.REPORT_REQUEST, meaning)


def _transient(meaning: str) -> Finding:
    return Finding(Blame.TRANSIENT, Remedy.RETRY_LATER, meaning)


UNSURE: Final = Finding(Blame.UNKNOWN, Remedy.LOOK_UP, "It may have happened; look before anything is sent again.")
NOTHING_HAPPENED: Final = _transient("Nothing happened; try again later.")
WRONG_URL: Final = Finding(
    Blame.OURS, Remedy.STOP_EVERYTHING, "This address is not Unipile's API; check UNIPILE_DSN (host and port) and the route."
)
WRONG_KEY: Final = Finding(
    Blame.TENANT, Remedy.STOP_EVERYTHING, "The API key is missing or wrong; check UNIPILE_API_KEY. No LinkedIn account is at fault."
)


UNTOLD: Final = _ours("Unipile refuses the request for a reason this version does not know.")


def _outage(meaning: str, *statuses: int) -> ErrorRow:
    return ErrorRow(statuses, _transient(meaning), on_write=UNSURE)


TABLE: Final[dict[str, ErrorRow]] = {
    # 400: our request was wrong
    "invalid_parameters": ErrorRow((400,), _ours("A parameter is wrong, often a vanity or URL where a provider id belongs.")),
    "missing_parameters": ErrorRow((400,), _ours("A required parameter is missing.")),
    "invalid_request": ErrorRow((400,), _ours("The request is not valid.")),
    "malformed_request": ErrorRow((400,), _ours("The request cannot be parsed.")),
    "content_too_large": ErrorRow((400,), _ours("The content is too large.")),
    "invalid_url": ErrorRow((400,), _ours("A URL in the request is not valid.")),
    "too_many_characters": ErrorRow(
        (400,), _ours("The text is longer than LinkedIn allows: a note 300 characters, 200 on a free account.")
    ),
    "unescaped_characters": ErrorRow((400,), _ours("The text holds characters that must be escaped.")),
    "limit_too_high": ErrorRow((400, 422), _ours("The page size asked for is too large.")),
    "invalid_action": ErrorRow((400,), _ours("The action does not exist.")),
    "invalid_label": ErrorRow((400,), _ours("The label is not valid.")),
    # 401: our key, or the session of an account
    "missing_credentials": ErrorRow((401,), WRONG_KEY),
    "invalid_credentials": ErrorRow((401,), _paused("LinkedIn refuses the account's credentials; reconnect it.")),
    "expired_credentials": ErrorRow((401,), _paused("The account's session has expired; reconnect it.")),
    "multiple_sessions": ErrorRow((401,), _paused("LinkedIn saw several sessions of the account; reconnect it.")),
    "wrong_account": ErrorRow((401,), _paused("The session belongs to another member; reconnect the right account.")),
    "disconnected_account": ErrorRow((401,), _paused("The account is disconnected; reconnect it.")),
    "disconnected_feature": ErrorRow((401,), _paused("A product of the account is disconnected; reconnect the account.")),
    "checkpoint_error": ErrorRow((401,), _paused("LinkedIn asks for a checkpoint; solve it and reconnect the account.")),
    "invalid_checkpoint_solution": ErrorRow((401,), _paused("The checkpoint was answered wrongly; reconnect the account.")),
    "captcha_not_supported": ErrorRow((401,), _paused("LinkedIn asks for a captcha that Unipile cannot solve; reconnect by hand.")),
    "invalid_proxy_credentials": ErrorRow((401,), _paused("The account's proxy refuses its credentials; correct them and reconnect.")),
    "insufficient_privileges": ErrorRow((401,), _lacking("The account has no right to this action.")),
    "invalid_imap_configuration": ErrorRow((401,), _paused("The mailbox's IMAP settings are wrong; correct them and reconnect.")),
    "invalid_smtp_configuration": ErrorRow((401,), _paused("The mailbox's SMTP settings are wrong; correct them and reconnect.")),
    "invalid_credentials_but_valid_account_imap": ErrorRow((401,), _paused("The mailbox refuses its password; reconnect it.")),
    "expired_link": ErrorRow((401,), _ours("The hosted link has expired; make a new one.")),
    # 403: LinkedIn intervened, or a product is absent
    "account_restricted": ErrorRow((403,), _paused("LinkedIn has restricted the account; a person must look at it.")),
    "account_mismatch": ErrorRow((403,), _paused("The session and the account are not the same member; reconnect.")),
    "session_mismatch": ErrorRow((403,), _paused("The session is not the one LinkedIn expects; reconnect.")),
    "unknown_authentication_context": ErrorRow((403,), _paused("LinkedIn does not recognise the session; reconnect.")),
    "action_required": ErrorRow((403,), _paused("LinkedIn waits for the member to do something; log in by hand, then reconnect.")),
    "insufficient_permissions": ErrorRow((403,), _lacking("The account has no permission for this action.")),
    "feature_not_subscribed": ErrorRow((403,), _lacking("The account has not subscribed to this product.")),
    "subscription_required": ErrorRow((403,), _lacking("This needs a subscription that the account does not have.")),
    "resource_access_restricted": ErrorRow((403,), _recipient("This person or conversation is closed to the account.")),
    # 404: by what the call names, see NOT_FOUND
    "resource_not_found": ErrorRow((404,), _recipient("There is no such person.")),
    "invalid_resource_identifier": ErrorRow((404,), _recipient("The id is not one LinkedIn knows.", Remedy.RE_RESOLVE)),
    # 409, 415, 425
    "unsupported_media_type": ErrorRow((415,), _ours("The body has the wrong content type: chats take multipart, invitations JSON.")),
    "auth_in_progress": ErrorRow((425,), _transient("The account is logging in at this moment.")),
    # 422: the person
    "already_invited_recently": ErrorRow(
        (422,),
        _recipient("An invitation is pending, or one was withdrawn or ignored within 21 days.", Remedy.ALREADY_PENDING),
    ),
    "already_connected": ErrorRow((422,), _recipient("They are connected already.", Remedy.ALREADY_CONNECTED)),
    "action_already_performed": ErrorRow((422,), _recipient("This was done before; look at the profile.", Remedy.ALREADY_DONE)),
    "cannot_resend_within_24hrs": ErrorRow(
        (422,), _recipient("LinkedIn allows this again after 24 hours.", Remedy.WAIT_24H, wait=timedelta(hours=24))
    ),
    "invalid_recipient": ErrorRow(
        (422,), _recipient("The person cannot be reached: the id is wrong or the profile locked.", Remedy.RE_RESOLVE)
    ),
    "no_connection_with_recipient": ErrorRow(
        (422,), _recipient("The person has not accepted yet, so no message may be sent.", Remedy.WAIT_FOR_CONNECTION)
    ),
    "blocked_recipient": ErrorRow((422,), _recipient("The person has blocked the account, or is blocked by it.")),
    "user_unreachable": ErrorRow((422,), _recipient("The person cannot be reached.")),
    "cannot_invite_attendee": ErrorRow((422,), _recipient("The person does not take invitations.")),
    "not_allowed_inmail": ErrorRow((422,), _recipient("The person does not take InMail.")),
    "cant_send_message": ErrorRow((422,), _recipient("No message can be sent to this person.")),
    "comments_disabled": ErrorRow((422,), _recipient("Comments are closed here.")),
    # 422: the account
    "cannot_resend_yet": ErrorRow(
        (422,), _limit("LinkedIn holds back the account's invitations; the person was not invited.", WEEKLY_CAP, look_first=True)
    ),
    "limit_exceeded": ErrorRow((422,), _limit("The account's quota for this action is used up.", QUOTA)),
    "connection_limit_reached": ErrorRow((422,), _limit("The account's quota of invitations or connections is used up.", QUOTA)),
    "insufficient_credits": ErrorRow(
        (422,), Finding(Blame.ACCOUNT, Remedy.WAIT_FOR_CREDITS, "The account has no credit left for InMail or notes.")
    ),
    "invalid_account": ErrorRow((422,), _paused("Unipile cannot use this account; look at it in the dashboard.")),
    "unauthorized": ErrorRow((422,), _paused("LinkedIn does not let the account act; reconnect it.")),
    "payment_error": ErrorRow((422,), _lacking("LinkedIn wants a payment for this.")),
    "insufficient_job_slot": ErrorRow((422,), _lacking("The account has no job slot left.")),
    # 422: our request. An untold 422 never closes a prospect: field notes lost 62 that way.
    "invalid_message": ErrorRow((422,), _ours("The message is not valid.")),
    "invalid_post": ErrorRow((422,), _ours("The post is not valid.")),
    "invalid_thread": ErrorRow((422,), _ours("The thread is not valid.")),
    "invalid_folder": ErrorRow((422,), _ours("The folder is not valid.")),
    "unprocessable_entity": ErrorRow((422,), _ours("Unipile cannot process the request and does not say why.")),
    "realtime_client_not_initialized": ErrorRow((422,), _transient("The account's connection at Unipile is still starting.")),
    # 422: mail
    "parent_mail_not_found": ErrorRow((422,), _ours("The e-mail to be answered does not exist.")),
    "invalid_reply_subject": ErrorRow((422,), _ours("The subject does not fit the e-mail answered.")),
    "invalid_headers": ErrorRow((422,), _ours("A custom header is not allowed.")),
    "send_as_denied": ErrorRow((422,), _paused("The mailbox may not send under this address.")),
    "sender_rejected": ErrorRow((422,), _paused("The mail server rejects the sender.")),
    "recipient_rejected": ErrorRow((422,), _recipient("The mail server rejects the recipient.")),
    "ip_rejected_by_server": ErrorRow((422,), _limit("The mail server rejects the sending IP address.", MAIL_BLOCK)),
    "provider_unreachable": ErrorRow((422,), _transient("The mail server cannot be reached.")),
    "account_configuration_error": ErrorRow((422,), _paused("The mailbox is configured wrongly; correct it and reconnect.")),
    # 429
    "too_many_requests": ErrorRow((429,), _limit("LinkedIn throttles the account.", HOURS)),
    # 5xx, and 408 of older documentation: on a write the effect is open
    "unexpected_error": _outage("Unipile failed without saying why.", 500),
    "provider_error": _outage("LinkedIn has trouble; new accounts and accounts over a limit see this too.", 500),
    "authentication_intent_error": _outage("Unipile could not log the account in.", 500),
    "feature_not_implemented": ErrorRow((501,), _lacking("Unipile does not offer this for the account.")),
    "proxy_error": _outage("The account's proxy failed.", 502),
    "no_client_session": _outage("Unipile has no session here; if every call says so, check UNIPILE_DSN.", 503),
    "no_channel": _outage("Unipile has no channel to LinkedIn now.", 503),
    "no_handler": _outage("Unipile has no handler for the request now.", 503),
    "network_down": _outage("Unipile's network is down.", 503),
    "service_unavailable": _outage("Unipile is not available.", 503),
    "request_timeout": _outage("LinkedIn did not answer Unipile in time.", 504, 408),
}

NOT_FOUND: Final[dict[CallSubject, Finding]] = {
    CallSubject.PERSON: TABLE["resource_not_found"].finding,
    CallSubject.INVITATION: _recipient("The invitation is not pending any more; look at the profile.", Remedy.ALREADY_DONE),
    CallSubject.CHAT: _recipient("This chat is not known, or not synced yet: no proof of anything.", Remedy.RE_RESOLVE),
    CallSubject.ACCOUNT: _paused("Unipile does not know this account; it was deleted there or belongs to another key."),
    CallSubject.TENANT: WRONG_URL,
}
"""`resource_not_found` by what the call names: a deleted account must not use up its prospects one 404 at a time."""

BY_STATUS: Final[dict[int, Finding]] = {
    401: _paused("The account is not authorised, for a reason this version does not know."),
    403: _lacking("This is forbidden to the account, for a reason this version does not know."),
    425: TABLE["auth_in_progress"].finding,
    429: TABLE["too_many_requests"].finding,
    501: TABLE["feature_not_implemented"].finding,
}
"""Types the table does not know."""

UNTYPED: Final[dict[int, Finding]] = {
    401: WRONG_KEY,
    403: _transient("Something between us and Unipile forbids the request."),
    404: WRONG_URL,
    405: WRONG_URL,
    425: TABLE["auth_in_progress"].finding,
    429: TABLE["too_many_requests"].finding,
}
"""Answers without a type are not Unipile's own: a gateway, a proxy, or (`{"statusCode": 404, …}`) a route that does not exist."""


def classify(status: int, type_: str | None, *, write: bool, subject: CallSubject = CallSubject.PERSON, wording: str = "") -> Finding:
    """What an error answer means.

    `type_` comes with or without `errors/`; `wording` is title and detail, since a 404 may speak of the account although
    the call names a person. A type that the table knows counts for every status, except with a 5xx or 408 that it is
    not documented for: then a write is open.
    """
    slug = (type_ or "").removeprefix("errors/")
    if slug and slug not in TABLE and status == HTTPStatus.NOT_FOUND:
        slug = "resource_not_found"
    row = TABLE.get(slug)
    no_verdict = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT
    if row is not None and (status in row.statuses or not no_verdict):
        if slug == "resource_not_found":
            return NOT_FOUND[CallSubject.ACCOUNT if "account" in wording.lower() else subject]
        return row.on_write if write and row.on_write is not None else row.finding
    by_status = (BY_STATUS if slug else UNTYPED).get(status)
    if row is None and by_status is not None:
        return by_status
    if no_verdict:
        return UNSURE if write else NOTHING_HAPPENED
    return WRONG_URL if status < HTTPStatus.BAD_REQUEST else UNTOLD


class ProviderError(Exception):
    """A call that did not succeed; `finding` says what it concerns and what to do."""

    def __init__(self, message: str, finding: Finding) -> None:
        super().__init__(message)
        self.finding = finding


class AnsweredError(ProviderError):
    """An answer outside 2xx came back."""

    def __init__(
        self,
        doing: str,
        *,
        status: int,
        type_: str | None,
        title: str | None,
        detail: str | None,
        finding: Finding,
        retry_after: timedelta | None,
    ) -> None:
        said = " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in (title, detail) if part)
        super().__init__(f"Unipile answered {status} {type_ or 'without a type'} when asked to {doing}. {said} {finding.meaning}", finding)
        self.status = status
        self.type = type_
        self.title = title
        self.detail = detail
        self.retry_after = retry_after


class ProviderRefused(AnsweredError):  # noqa: N818  # the same
    """A definite no: the effect did not take place."""


class ProviderUnsure(AnsweredError):  # noqa: N818  # the same
    """An error answer to a write that leaves open whether it happened (5xx, 408): look it up, never resend blindly."""


class ProviderSilent(ProviderError):  # noqa: N818  # a word of the domain
    """No whole answer came: time-out, cut connection, or no connection at all.

    `started` is False only when the request certainly never left this process: no connection to the provider was ever
    had (name not found, refused, all connections busy until the deadline).
    """

    def __init__(self, doing: str, *, started: bool, write: bool, cause: str) -> None:
        finding = UNSURE if started and write else NOTHING_HAPPENED
        left = "The request may have reached it." if started else "The request never left."
        super().__init__(f"Unipile did not answer when asked to {doing}: {cause}. {left} {finding.meaning}", finding)
        self.started = started
        self.cause = cause


class NotBegunError(Exception):
    """The caller's last look said no: nothing of the request was written, and nothing will be."""


class UnreadableAnswer(ProviderError):  # noqa: N818  # the same
    """A 2xx answer that is not what the route promises: on a write it may well have happened."""

    def __init__(self, doing: str, *, status: int, write: bool, why: str, body_excerpt: str) -> None:
        finding = UNSURE if write else NOTHING_HAPPENED
        super().__init__(f"Unipile's answer {status} cannot be read when asked to {doing}: {why}. {finding.meaning}", finding)
        self.status = status
        self.body_excerpt = body_excerpt
