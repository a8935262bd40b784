"""tact prove: from the sealed ledger, that what left was allowed, left once, and was never changed afterwards."""

import json
import re
from contextlib import AsyncExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import asyncpg
import typer
from rich.text import Text

from cli.console import out, print_json, say
from cli.target import database, run, target
from operations.proof import provider_comparison as provider
from operations.proof.ledger_reader import snapshot
from operations.proof.prove_ledger import Proof
from operations.proof.prove_ledger import prove as check
from operations.proof.provider_comparison import Difference
from operations.proof.scope import ZONES, ProofScope
from operations.proof.violations import Found
from shared.ledger.chain import Head, root
from shared.refusals import Refused
from shared.runtime.clock import StackClock
from shared.runtime.settings import ProviderSettings, SettingsError, load
from shared.unipile.client import UnipileClient

HEAD: Final = re.compile(r"(\d+):([0-9a-f]{64})")


def prove(
    account: Annotated[str | None, typer.Option("--account", "-a", help="Its id, the provider's id or its name.")] = None,
    day: Annotated[str | None, typer.Option("--day", "-d", help="A day of the accounts' own, like 2026-03-10.")] = None,
    campaign: Annotated[str | None, typer.Option("--campaign", "-c", help="Its id or name.")] = None,
    head: Annotated[str | None, typer.Option("--head", help="A head kept earlier: LINKS:HASH of --account, or a file of --keep.")] = None,
    keep: Annotated[Path | None, typer.Option("--keep", help="Write the heads to this file, to be kept outside of the database.")] = None,
    against_provider: Annotated[
        bool, typer.Option("--against-provider", help="Also compare with the provider's lists: two paced reads per account.")
    ] = False,
    events: Annotated[bool, typer.Option("--events/--no-events", help="Compare the rows with sends.completed.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Prove from the ledger what left and how: one line if all is well; else each break, and exit status 1."""
    scope_day = _day(day)
    earlier = _kept(head, account)
    proof, differences = run(_prove(account, scope_day, campaign, earlier, events=events, against_provider=against_provider))
    if keep is not None:
        _keep(keep, proof)
    if as_json:
        print_json(_document(proof, differences))
    else:
        _show(proof, differences, one=account is not None)
    if not proof.found.well:
        raise typer.Exit(1)


async def _prove(
    account: str | None,
    day: date | None,
    campaign: str | None,
    earlier: dict[UUID | None, Head],
    *,
    events: bool,
    against_provider: bool,
) -> tuple[Proof, list[Difference]]:
    async with database(role="tact_healer") as pool:
        async with snapshot(pool) as reading:
            found_account, found_campaign = await reading.find(account=account, campaign=campaign)
            await reading.learn()
            _has_come(day, reading.now)
            scope = ProofScope(account=found_account.id if found_account else None, day=day)
            accounts = [scope.account] if scope.account else None
            if found_campaign is not None:
                accounts, scope = await reading.campaign_scope(found_campaign, scope)
            kept = {each or scope.account: head for each, head in earlier.items()}
            kafka = target().kafka if events else None
            proof = await check(reading, pool, scope, accounts, kafka=kafka, kept={k: v for k, v in kept.items() if k is not None})
            asked = [each async for batch in reading.account_batches(accounts) for each in batch] if against_provider else []
        if not asked:
            return proof, []
        differences, notes = await _compare(pool, asked)
        proof.found.notes += notes
        return proof, differences


async def _compare(pool: asyncpg.Pool, accounts: list[UUID]) -> tuple[list[Difference], list[str]]:
    try:
        settings = load(ProviderSettings, unipile_url=target().unipile_url) if target().unipile_url else load(ProviderSettings)
    except SettingsError as error:
        raise Refused(str(error)) from error
    if not settings.unipile_api_key.get_secret_value():
        raise Refused("The provider is not to be read without a key: set TACT_UNIPILE_API_KEY.")
    async with AsyncExitStack() as open_things:
        clock = StackClock(pool)
        await clock.start()
        open_things.push_async_callback(clock.stop)
        client = await open_things.enter_async_context(
            UnipileClient(settings.unipile_url, settings.unipile_api_key, timeout=settings.unipile_timeout)
        )
        return await provider.compare_all(pool, client, clock, accounts, report_progress=say)


def _day(word: str | None) -> date | None:
    try:
        return date.fromisoformat(word) if word is not None else None
    except ValueError:
        raise Refused(f"--day wants a day like 2026-03-10, not '{word}'.") from None


def _has_come(day: date | None, now: datetime) -> None:
    if day is not None and day > (now + ZONES).date():
        raise Refused(f"--day {day} has not come yet: it is {now:%Y-%m-%d %H:%M} UTC in this stack.")


def _kept(word: str | None, account: str | None) -> dict[UUID | None, Head]:
    """Heads by account; None: the one that --account names."""
    if word is None:
        return {}
    if found := HEAD.fullmatch(word):
        if account is None:
            raise Refused("--head LINKS:HASH is one account's: name it with --account. For all accounts give the file of --keep.")
        return {None: Head(int(found[1]), bytes.fromhex(found[2]))}
    try:
        document = json.loads(Path(word).read_text(encoding="utf-8"))
        heads = {UUID(each): HEAD.fullmatch(text) for each, text in document["heads"].items()}
    except OSError:
        raise Refused(f"--head wants LINKS:HASH as `tact prove` prints it, or a file of --keep; '{word}' is neither.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refused(f"{word} is no file of `tact prove --keep`.") from None
    if not all(heads.values()):
        raise Refused(f"{word} is no file of `tact prove --keep`.")
    return {each: Head(int(m[1]), bytes.fromhex(m[2])) for each, m in heads.items() if m is not None}


def _keep(path: Path, proof: Proof) -> None:
    document = {"root": root(proof.heads).hex(), "heads": {str(account): str(head) for account, head in proof.heads}}
    try:
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise Refused(f"The heads could not be written to {path}: {error.strerror}.") from error


def _document(proof: Proof, differences: list[Difference]) -> dict[str, Any]:
    return proof.found.as_json() | {
        "open": proof.open,
        "not_sealed_yet": proof.waiting,
        "root": root(proof.heads).hex(),
        "heads": {str(account): str(head) for account, head in proof.heads},
        "against_provider": [each.as_json() for each in differences],
    }


def _show(proof: Proof, differences: list[Difference], *, one: bool) -> None:
    found = proof.found
    for each in found.breaks:
        out.print(Text.assemble((each.check, "bold red"), f" {each.row}"))
        out.print(f"    says    {each.says}", highlight=False)
        out.print(f"    should  {each.should}", highlight=False)
    for check_, count in found.by_check.items():
        if (more := count - sum(each.check == check_ for each in found.breaks)) > 0:
            out.print(Text.assemble((check_, "bold red"), f" and {more} more"))
    for difference in differences:
        whose = "" if one else f"{difference.name}: "
        out.print(Text.assemble(whose, (f"{difference.whose} have", "yellow"), f" {difference.what}: {difference.reason}"))
    for note in found.notes:
        out.print(note, highlight=False)
    out.print(_line(found, proof, one=one), soft_wrap=True)


def _line(found: Found, proof: Proof, *, one: bool) -> Text:
    n = found.looked_at
    if found.well and not n["attempts"]:
        return Text("Nothing to prove: there is no attempt of what was asked about.")
    verdict = ("All is well", "green") if found.well else (f"{sum(found.by_check.values())} broken", "bold red")
    rest = [f"{proof.open} open"] if proof.open else []
    rest += [f"{proof.waiting} not sealed yet"] if proof.waiting else []
    if one:
        end = f"head {proof.heads[0][1]}" if proof.heads else "no link yet"
    else:
        end = f"{len(proof.heads)} accounts, root {root(proof.heads).hex()}"
    counts = [f"{n['attempts']} attempts ({n['accepted']} sent)", *rest, f"{n['links']} links", f"{n['events']} events"]
    return Text.assemble(verdict, f": {', '.join(counts)}; {end}")
