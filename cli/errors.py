"""Why a command ends without having done what was asked, and its exit status."""

from typing import Any, Final

REFUSED: Final = 1
UNREACHABLE: Final = 3


class CommandError(Exception):
    """The command cannot do what was asked; the message says what to do. `code` and `details` are those of the API's answer."""

    exit_code = REFUSED

    def __init__(self, message: str, *, code: str = "refused", details: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.details = details


class Unreachable(CommandError):  # noqa: N818 - reads as what happened
    """Tact did not answer; the message says how to start or to name a stack."""

    exit_code = UNREACHABLE
