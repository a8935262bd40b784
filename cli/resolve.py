"""From what a person types to the id of the record that is meant: an id is taken as it is, a name is looked up by the API."""

from collections.abc import Callable
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

    def missing() -> str:
        names = ", ".join(each["campaign_name"] for each in api.pages("/api/campaigns", "campaigns", limit=SHOWN))
        return f"There are: {names or 'none yet; tact campaign add makes one'}."

    return _find_id(api, "campaign", word, several=f"Several workspaces have a campaign '{word}'; give its id", missing=missing)


def find_account(api: Api, word: str) -> str:
    """The id of the account with that id, provider's id or name.

    Raises:
        CommandError: there is none, or there are several of that name.
    """
    return _find_id(api, "account", word, several=f"Several accounts are called '{word}'; give the id")


def find_workspace(api: Api, word: str) -> str:
    """The id of the workspace with that id or company's name.

    Raises:
        CommandError: there is none.
    """
    return _find_id(api, "workspace", word)


def _find_id(api: Api, kind: str, word: str, *, several: str = "", missing: Callable[[], str] | None = None) -> str:
    """An id is taken as it is; `several` begins the refusal of an ambiguous name, `missing` ends the one of an unknown name."""
    if _is_id(word):
        return word.lower()
    found = api.get(f"/api/{kind}s", named=word, limit=SHOWN)[f"{kind}s"] if word.strip() else []
    if not found:
        raise CommandError(f"There is no {kind} '{word}'. {missing() if missing else f'`tact {kind} list` shows those there are.'}")
    if several and len(found) > 1:
        raise CommandError(f"{several}: {', '.join(each['id'] for each in found)}.")
    return str(found[0]["id"])


def find_scope(api: Api, *, workspace: str | None = None, campaign: str | None = None, account: str | None = None) -> dict[str, Any]:
    """The query parameters of what was named. An empty word (`--account "$UNSET"` in a script) names no record, and never all of them."""
    scope = {
        "workspace_id": None if workspace is None else find_workspace(api, workspace),
        "campaign_id": None if campaign is None else find_campaign(api, campaign),
        "account_id": None if account is None else find_account(api, account),
    }
    return {name: value for name, value in scope.items() if value is not None}


def _is_id(word: str) -> bool:
    try:
        return str(UUID(word)) == word.strip().lower()
    except ValueError:
        return False
