"""The options of the commands about campaigns that come from the table of a campaign's settings."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from shared.contracts.campaign_fields import CAMPAIGN_FIELDS, CampaignField


def with_campaign_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each setting of a campaign; the command gets their values together, as `settings`."""
    own = inspect.signature(command, eval_str=True)

    @wraps(command)
    def called(*args: Any, **given: Any) -> None:
        settings = {field.column: given.pop(field.column) for field in CAMPAIGN_FIELDS if field.option}
        command(*args, settings=settings, **given)

    parameters = [each for each in own.parameters.values() if each.name != "settings"]
    parameters += [_parameter(field) for field in CAMPAIGN_FIELDS if field.option]
    called.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]  # read by typer
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called


def _parameter(field: CampaignField) -> inspect.Parameter:
    option = typer.Option(field.option, min=field.least, max=field.most, help=field.option_help)
    kind = field.kind | None if field.nullable else field.kind
    return inspect.Parameter(field.column, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=Annotated[kind, option])
