"""Why a command ends without having done what was asked, and its exit status."""

from typing import Final

from shared.refusals import Refused

REFUSED: Final = 1
UNREACHABLE: Final = 3


class CommandError(Refused):
    """The command cannot do what was asked; the message says what to do. `code` and `details` are those of the API's answer."""

    exit_code = REFUSED


class Unreachable(CommandError):  # noqa: N818 - reads as what happened
    """Tact did not answer; the message says how to start or to name a stack."""

    exit_code = UNREACHABLE
