"""Every way the provider says no, with the literal words where they were captured (UNIPILE §3.2, §3.3)."""

from dataclasses import dataclass
from typing import Final

BY_STATUS: Final[dict[int, str]] = {
    400: "invalid_parameters missing_parameters invalid_request malformed_request content_too_large invalid_url too_many_characters "
    "unescaped_characters limit_too_high invalid_action invalid_label",
    401: "missing_credentials invalid_credentials expired_credentials multiple_sessions wrong_account disconnected_account "
    "disconnected_feature checkpoint_error invalid_checkpoint_solution captcha_not_supported invalid_proxy_credentials "
    "insufficient_privileges expired_link",
    403: "account_restricted account_mismatch session_mismatch insufficient_permissions feature_not_subscribed subscription_required "
    "unknown_authentication_context action_required resource_access_restricted",
    404: "resource_not_found invalid_resource_identifier",
    415: "unsupported_media_type",
    422: "already_invited_recently already_connected cannot_resend_yet cannot_resend_within_24hrs limit_exceeded connection_limit_reached "
    "insufficient_credits invalid_recipient no_connection_with_recipient blocked_recipient user_unreachable cannot_invite_attendee "
    "not_allowed_inmail invalid_account invalid_message invalid_post invalid_thread invalid_folder unprocessable_entity "
    "action_already_performed payment_error comments_disabled insufficient_job_slot unauthorized cant_send_message "
    "realtime_client_not_initialized",
    429: "too_many_requests",
    500: "unexpected_error provider_error authentication_intent_error",
    501: "feature_not_implemented",
    502: "proxy_error",
    503: "no_client_session no_channel no_handler network_down service_unavailable",
    504: "request_timeout",
}
STATUS: Final[dict[str, int]] = {slug: status for status, slugs in BY_STATUS.items() for slug in slugs.split()}

TITLES: Final[dict[str, str]] = {
    "already_invited_recently": "Should delay new invitation to this recipient",
    "cannot_resend_yet": "Cannot resend yet",
    "invalid_recipient": "Recipient cannot be reached",
}
DETAILS: Final[dict[str, str]] = {
    "already_invited_recently": "An invitation has already been sent recently to this recipient. Please try again later.",
    "cannot_resend_yet": "You have reached a temporary provider limit. Please try again later.",
    "invalid_recipient": "Make sure that the recipient ID is valid and that the corresponding profile is not locked.",
    "no_connection_with_recipient": "The recipient appears not to be first degree connection.",
    "disconnected_account": "The account appears to be disconnected from the provider service.",
    "feature_not_subscribed": "The requested feature has either not been subscribed or not been authenticated properly.",
    "too_many_requests": "The provider cannot accept any more requests at the moment. Please try again later.",
    "provider_error": "The provider is experiencing operational problems. Please try again later.",
    "request_timeout": "The request has timed out. Please try again later.",
    "already_connected": "The recipient is already a first degree connection.",
    "unsupported_media_type": "Send this request as multipart/form-data.",
}
ID_FORMAT: Final = "User ID does not match provider's expected format."


@dataclass(slots=True)
class RefusalError(Exception):
    """The provider's definite no; becomes the body {type, title, detail?, status}."""

    slug: str
    status: int
    title: str
    detail: str | None

    def body(self) -> dict[str, object]:
        """The RFC 7807-like shape of v1, without an `object` key; `detail` is left out when there is none."""
        body: dict[str, object] = {"type": f"errors/{self.slug}", "title": self.title}
        if self.detail is not None:
            body["detail"] = self.detail
        return body | {"status": self.status}


def refuse(slug: str, detail: str | None = None) -> RefusalError:
    """The refusal of that type, in the provider's words unless others are given. An unknown slug is a mistake of ours."""
    return RefusalError(slug, STATUS[slug], title_of(slug), detail if detail is not None else DETAILS.get(slug))


def title_of(slug: str) -> str:
    """The captured title, or the slug as a sentence."""
    return TITLES.get(slug) or slug.replace("_", " ").capitalize()
