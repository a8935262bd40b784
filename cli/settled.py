"""The groups of records whose commands stand in several modules, put together."""

from cli import accounts as account_facts
from cli import hours, limits
from cli.records import accounts, campaigns, workspaces

workspaces.command("hours")(hours.of_workspace)
accounts.command("change")(account_facts.change)
accounts.command("hours")(hours.of_account)
campaigns.command("hours")(hours.of_campaign)
workspaces.command("limits")(limits.of_workspace)
accounts.command("limits")(limits.of_account)
accounts.command("exception")(limits.exception)

__all__ = ["accounts", "campaigns", "workspaces"]
