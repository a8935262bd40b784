"""Why a request cannot be done: the one hierarchy of refusals, of workflows, rules and commands alike.

`shared/service/http.py` maps it to HTTP answers and `cli/__main__.py` to one sentence and exit status 1. Each message says what to do
instead.
"""

from collections.abc import Mapping
from typing import Any


class Refused(Exception):  # noqa: N818 - a refusal is an answer to the caller, not an error of ours
    """The request cannot be done as it was given; `code` is a word for programs, `details` says where."""

    code = "refused"

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.details = dict(details) if details else None


class NotFound(Refused):
    """The thing does not exist, or belongs to another workspace; the caller cannot tell the two apart."""

    code = "not_found"


class Conflict(Refused):
    """The request contradicts what is stored."""

    code = "conflict"


class Busy(Refused):
    """Too much of the same work is under way; the same request succeeds later."""

    code = "busy"
