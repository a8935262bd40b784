"""Lists with paging: `--limit` rows, or `--all` of them; what was left out is said on standard error."""

from typing import Annotated, Any, Final

import typer

from cli.client import Api
from cli.console import say

DEFAULT_LIMIT: Final = 200

Limit = Annotated[int, typer.Option("--limit", min=1, help="How many at most.")]
Everything = Annotated[bool, typer.Option("--all", help="All of them, page after page.")]


def read_pages(
    api: Api, path: str, key: str, *, limit: int, everything: bool = False, mark: str = "after", **query: Any
) -> list[dict[str, Any]]:
    """The rows; one more than `limit` is read to know whether there are more."""
    rows = list(api.pages(path, key, limit=None if everything else limit + 1, mark=mark, **query))
    if not everything and len(rows) > limit:
        say(f"There are more than {limit}: --limit {limit * 5} or --all shows them.")
        return rows[:limit]
    return rows


def read_page(
    api: Api, path: str, key: str, *, limit: int, everything: bool, after: str | int | None = None, **query: Any
) -> tuple[list[dict[str, Any]], str | int | None]:
    """One page and the mark of the next, or with `everything` all rows and no mark."""
    if everything:
        return list(api.pages(path, key, after=after, **query)), None
    page = api.get(path, limit=limit, after=after, **query)
    return page[key], page["next"]
