"""Why a request about workspaces, accounts or campaigns cannot be done; each sentence says what to do instead."""

from collections.abc import Mapping
from typing import Any


class CampaignError(Exception):
    """The base: `code` is a word for programs, `details` says where."""

    code = "refused"

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = dict(details) if details else None


class NotFound(CampaignError):  # noqa: N818 - reads as what happened
    """There is no such thing, or it is another workspace's, which is the same to the asker."""

    code = "not_found"


class Conflict(CampaignError):  # noqa: N818 - reads as what happened
    """It contradicts what is there already."""

    code = "conflict"


class Refused(CampaignError):  # noqa: N818 - reads as what happened
    """What was given cannot be used."""

    code = "refused"
