"""From what a person types to the id of the record that is meant: an id is taken as it is, a name is looked up by the API."""

from typing import Annotated, Any
from uuid import UUID

import typer

from cli.client import Api
from cli.completion import complete_account, complete_campaign, complete_workspace
from cli.errors import CommandError

Workspace = Annotated[str, typer.Option("--workspace", "-w", help="Its id or its company's name.", autocompletion=complete_workspace)]
WorkspaceFilter = Annotated[
    str | None, typer.Option("--workspace", "-w", help="Only this one: its id or its company's name.", autocompletion=complete_workspace)
]
AccountFilter = Annotated[
    str | None,
    typer.Option("--account", "-a", help="Only this one: its id, the provider's id or its name.", autocompletion=complete_account),
]
Campaign = Annotated[str, typer.Option("--campaign", "-c", help="Its id or its name.", autocompletion=complete_campaign)]
CampaignFilter = Annotated[
    str | None, typer.Option("--campaign", "-c", help="Only this one: its id or its name.", autocompletion=complete_campaign)
]
WorkspaceArgument = Annotated[str, typer.Argument(help="Its id or its company's name.", autocompletion=complete_workspace)]
AccountArgument = Annotated[str, typer.Argument(help="Its id, the provider's id or its name.", autocompletion=complete_account)]
CampaignArgument = Annotated[str, typer.Argument(help="Its id or its name.", autocompletion=complete_campaign)]
SHOWN = 10


def find_campaign(api: Api, word: str) -> str:
    """The id of the campaign with that id or name.

    Raises:
        CommandError: there is none, or several workspaces have one of that name.
    """
    if _is_id(word):
        return word.lower()
    found = _named(api, "/api/campaigns", "campaigns", word)
    if len(found) > 1:
        raise CommandError(f"Several workspaces have a campaign '{word}'; give its id: {', '.join(each['id'] for each in found)}.")
    if not found:
        names = ", ".join(each["campaign_name"] for each in api.pages("/api/campaigns", "campaigns", limit=SHOWN))
        raise CommandError(f"There is no campaign '{word}'. There are: {names or 'none yet; tact campaign add makes one'}.")
    return str(found[0]["id"])


def find_account(api: Api, word: str) -> str:
    """The id of the account with that id, provider's id or name.

    Raises:
        CommandError: there is none, or there are several of that name.
    """
    if _is_id(word):
        return word.lower()
    found = _named(api, "/api/accounts", "accounts", word)
    if len(found) > 1:
        raise CommandError(f"Several accounts are called '{word}'; give the id: {', '.join(each['id'] for each in found)}.")
    if not found:
        raise CommandError(f"There is no account '{word}'. `tact account list` shows those there are.")
    return str(found[0]["id"])


def find_workspace(api: Api, word: str) -> str:
    """The id of the workspace with that id or company's name.

    Raises:
        CommandError: there is none.
    """
    if _is_id(word):
        return word.lower()
    found = _named(api, "/api/workspaces", "workspaces", word)
    if not found:
        raise CommandError(f"There is no workspace '{word}'; `tact workspace list` shows those there are.")
    return str(found[0]["id"])


def find_scope(api: Api, *, workspace: str | None = None, campaign: str | None = None, account: str | None = None) -> dict[str, Any]:
    """The query parameters of what was named. An empty word (`--account "$UNSET"` in a script) names no record, and never all of them."""
    scope = {
        "workspace_id": None if workspace is None else find_workspace(api, workspace),
        "campaign_id": None if campaign is None else find_campaign(api, campaign),
        "account_id": None if account is None else find_account(api, account),
    }
    return {name: value for name, value in scope.items() if value is not None}


def _named(api: Api, path: str, key: str, word: str) -> list[dict[str, Any]]:
    if not word.strip():
        return []
    found: list[dict[str, Any]] = api.get(path, named=word, limit=SHOWN)[key]
    return found


def _is_id(word: str) -> bool:
    try:
        return str(UUID(word)) == word.strip().lower()
    except ValueError:
        return False
