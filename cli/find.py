"""From what a person types to the row that is meant: an id or a name."""

from uuid import UUID

import asyncpg

from cli.errors import CommandError
from services.queuer.rules.campaigns.views import Campaign
from services.queuer.store.accounts.accounts import StoredAccount, list_accounts
from services.queuer.store.campaigns.campaigns import list_campaigns

PAGE = 200


async def find_campaign(pool: asyncpg.Pool, word: str) -> Campaign:
    """The campaign with that id or name.

    Raises:
        CommandError: there is none, or workspaces have several of that name.
    """
    found: list[Campaign] = []
    known: list[str] = []
    after: UUID | None = None
    while page := await list_campaigns(pool, after=after, most=PAGE):
        found += [c for c in page if str(c.id) == word or c.campaign_name.casefold() == word.casefold()]
        known += [c.campaign_name for c in page]
        after = page[-1].id
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"Several workspaces have a campaign '{word}'; give its id: {', '.join(str(c.id) for c in found)}.")
    raise CommandError(
        f"There is no campaign '{word}'. There are: {', '.join(sorted(known)[:10]) or 'none yet; tact campaign add makes one'}."
    )


async def find_account(pool: asyncpg.Pool, word: str) -> StoredAccount:
    """The account with that id, provider's id or name.

    Raises:
        CommandError: there is none, or several of that name.
    """
    found: list[StoredAccount] = []
    after: UUID | None = None
    while page := await list_accounts(pool, after=after, most=PAGE):
        found += [a for a in page if word.casefold() in {str(a.id), a.provider_account_id.casefold(), a.name.casefold()}]
        after = page[-1].id
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"Several accounts are called '{word}'; give the id: {', '.join(str(a.id) for a in found)}.")
    raise CommandError(f"There is no account '{word}'. `tact account list` shows those there are.")
