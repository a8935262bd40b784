"""What the demo shows while it runs, at 80 columns."""

from datetime import datetime
from typing import Any

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from embedded.addresses import Addresses
from embedded.demo.progress import Progress
from embedded.demo.scenario import START, DemoWorkspace

BAR_WIDTH = 40
WORDS = ("account", "local", "because")
COLUMNS = ("account", "local", "invites", "written", "week", "waits", "because", "accept", "reply")


def table(accounts: list[dict[str, Any]], progress: Progress, *, end: datetime) -> Group:
    """One row per account and the week's progress below."""
    shown = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in COLUMNS:
        shown.add_column(name, justify="left" if name in WORDS else "right", no_wrap=True, min_width=len(name))
    for account in accounts:
        shown.add_row(*(str(account[name]) for name in COLUMNS))
    done = max((progress.now - START) / (end - START), 0)
    return Group(shown, Text(), ProgressBar(total=1.0, completed=min(done, 1.0), width=BAR_WIDTH), Text(progress_line(progress)))


def progress_line(progress: Progress) -> str:
    """Where the week stands."""
    return f"{progress.now:%A %d %B, %H:%M} UTC   {progress.sent} sent, {progress.waiting} planned"


def addresses(where: Addresses) -> Text:
    """Where to look while it runs."""
    lines = [f"  {name:<8} docs {where.url}/{name}/docs   metrics {where.url}/{name}/metrics" for name in where.services]
    return Text("\n".join(["While it runs:", *lines, f"  simulator {where.unipile_url}/_sim/state"]))


def scene(workspace: DemoWorkspace, file: str, imported: dict[str, Any], approved: dict[str, Any]) -> str:
    """What was set up in a workspace."""
    return (
        f"{workspace.company_name}: {len(workspace.accounts)} accounts, campaign '{workspace.campaign.name}' "
        f"({workspace.campaign.campaign_type}), {file}: {imported['stored']} people stored, {imported['refused']} refused, "
        f"{approved['enrolled']} enrolled"
    )
