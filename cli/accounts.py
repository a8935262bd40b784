"""tact account change: what was said of an account when it was added, corrected."""

from typing import Annotated

import asyncpg
import typer

from cli.console import AsJson, out, print_json
from cli.errors import CommandError
from cli.find import find_account
from cli.work import do
from services.queuer.workflows.accounts import change as change_account
from shared.vocabulary import AccountType


def change(
    account: Annotated[str, typer.Argument(help="Its id, the provider's id or its name.")],
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    account_type: Annotated[AccountType | None, typer.Option("--type", help="What the member pays for; its limits follow.")] = None,
    country: Annotated[str | None, typer.Option(help="As in US, DE-BY, SA: its weekends and holidays.")] = None,
    timezone: Annotated[str | None, typer.Option(help="Its own day; it holds once both zones have begun another day.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change an account's name, type, country or time zone; the same again changes nothing."""
    wanted = change_account.Changes(name=name, account_type=account_type, country=country, timezone=timezone)
    if wanted == change_account.Changes():
        raise CommandError("Name what to change, as in --timezone Europe/Berlin, --country DE-BY, --type premium or --name Ana.")

    async def work(pool: asyncpg.Pool) -> change_account.Moved:
        return await change_account.change(pool, (await find_account(pool, account)).id, wanted)

    done = do(work)
    now = done.account
    if as_json:
        fields = {field: getattr(now, field) for field in now.__dataclass_fields__}
        print_json({**fields, "timezone_next": done.timezone_next, "timezone_from": done.timezone_from, "changed": done.changed})
        return
    out.print("Changed." if done.changed else "It was so already.")
    out.print(f"{now.name}: {now.account_type.value}, {now.country}, {now.timezone}", highlight=False)
    if done.timezone_from is not None:
        out.print(f"  {done.timezone_next} from {done.timezone_from:%a %Y-%m-%d %H:%M} UTC on", highlight=False)
