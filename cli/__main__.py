"""`python -m cli`, and `tact` in the environment that `make` builds."""

import sys

from cli.app import app
from cli.console import console_error
from cli.errors import REFUSED, CommandError
from shared.refusals import Refused


def main() -> None:
    """Run the command line; errors that say what to do end it with their exit status and one sentence."""
    try:
        app()
    except Refused as error:
        console_error(str(error))
        sys.exit(error.exit_code if isinstance(error, CommandError) else REFUSED)


if __name__ == "__main__":
    main()
