"""One table defines the settings of a campaign; a new setting needs no change where campaigns are stored, answered or asked for."""

import inspect
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

from cli.campaign_options import with_campaign_options
from services.queuer.http.campaigns.campaigns import CampaignPatch, NewCampaign
from services.queuer.http.models import ListedCampaign
from services.queuer.rules.campaigns import checks
from services.queuer.rules.campaigns.views import Campaign
from shared.contracts.campaign_fields import CAMPAIGN_FIELDS, LONGEST_TURN, CampaignSettings, read_settings, settings_columns
from shared.refusals import Refused
from shared.vocabulary import CampaignType, MissingValue

COLUMNS = [field.column for field in CAMPAIGN_FIELDS]
ADMINISTRATION = ("services/queuer/store/campaigns", "services/queuer/http", "cli")
"""Rooms through which every setting passes. `tact campaign turns` and `withdraw` are commands about one setting each."""


def test_the_table_and_the_typed_settings_agree() -> None:
    hints = get_type_hints(CampaignSettings)
    assert [each.name for each in fields(CampaignSettings)] == COLUMNS
    assert {field.column: field.kind | None if field.nullable else field.kind for field in CAMPAIGN_FIELDS} == hints
    assert {field.column: field.default for field in CAMPAIGN_FIELDS} == {name: getattr(CampaignSettings(), name) for name in COLUMNS}


@pytest.mark.parametrize("model", [NewCampaign, CampaignPatch, ListedCampaign])
def test_requests_and_answers_have_every_setting(model: type[NewCampaign | CampaignPatch | ListedCampaign]) -> None:
    assert set(COLUMNS) <= set(model.model_fields)


def test_the_stored_campaign_and_the_command_have_every_setting() -> None:
    @with_campaign_options
    def command(name: str, *, settings: dict[str, object]) -> None:
        """A command."""

    assert set(COLUMNS) <= {each.name for each in fields(Campaign)}
    assert list(inspect.signature(command).parameters) == ["name", *COLUMNS]


def test_settings_are_the_same_after_they_were_stored() -> None:
    settings = CampaignSettings(on_missing=MissingValue.SKIP, withdraw_after_days=9, turn_length=4, allow_parallel=True)
    assert read_settings(settings_columns(settings)) == settings


def test_no_room_of_the_administration_names_a_setting() -> None:
    named = {
        (str(path), column)
        for room in ADMINISTRATION
        for path in [*Path(room).rglob("*.py"), *Path(room).rglob("*.sql")]
        for column in ("on_missing", "turn_length", "allow_parallel")
        if column in path.read_text(encoding="utf-8")
    }
    about_one_setting = {("cli/campaigns.py", "turn_length"), ("services/queuer/http/models.py", "on_missing")}
    assert named - about_one_setting == {("services/queuer/http/campaigns/campaigns.py", "on_missing")}  # the example of a request


@pytest.mark.parametrize("value", [0, LONGEST_TURN + 1])
def test_a_number_out_of_bounds_is_refused_with_its_bounds(value: int) -> None:
    with pytest.raises(Refused, match=f"turn_length is {value}; write 1 to {LONGEST_TURN} actions of an account in a row") as refused:
        checks.settings(CampaignSettings(turn_length=value), CampaignType.CONNECTOR, given={"turn_length"})
    assert refused.value.details == {"field": "turn_length"}


def test_a_stored_value_that_is_not_changed_is_not_checked_again() -> None:
    old = CampaignSettings(turn_length=LONGEST_TURN + 1)
    assert checks.settings(old, CampaignType.CONNECTOR, given={"allow_parallel"}) == old
