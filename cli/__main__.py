"""`python -m cli`, and `tact` in the environment that `make` builds."""

import logging
import sys

from cli.app import app
from cli.console import Refused, console_error


def main() -> None:
    """Run the command line; errors that say what to do end it with status 1 and one sentence."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is away is said in a command's own sentence
    try:
        app()
    except Refused as error:
        console_error(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()
