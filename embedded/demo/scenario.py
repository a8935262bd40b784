"""Who takes part in the demo, and in which week. All of it is made up."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

START: Final = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)
"""A Tuesday, half an hour before Riyadh opens. The week holds Thanksgiving (26 November, a holiday in the US alone),
Riyadh's weekend (Friday and Saturday) and the other countries' (Saturday and Sunday)."""
END: Final = datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
"""The Tuesday after, when New York has closed."""

SCENE_SPEED: Final = 30.0
"""Business seconds a second until everything stands: a machine that takes a minute for it still opens with Riyadh."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A LinkedIn account: its id at the provider, who it is, and where it works."""

    provider_id: str
    name: str
    account_type: str
    country: str
    timezone: str


@dataclass(frozen=True, slots=True)
class DemoCampaign:
    """A campaign and the example file its people come from."""

    name: str
    campaign_type: str
    templates: dict[str, str]
    delays: dict[str, float]
    people: str


@dataclass(frozen=True, slots=True)
class DemoWorkspace:
    """A tenant with its accounts and its campaign."""

    company_name: str
    email: str
    accounts: tuple[DemoAccount, ...]
    campaign: DemoCampaign
    settings: dict[str, object] = field(default_factory=dict)


WORKSPACES: Final = (
    DemoWorkspace(
        "Harbour Lane Software",
        "ops@harbourlane.example",
        (
            DemoAccount("ny-free", "Nora, New York", "free", "US", "America/New_York"),
            DemoAccount("ny-premium", "Miles, New York", "premium", "US", "America/New_York"),
            DemoAccount("berlin-nav", "Greta, Berlin", "sales_navigator", "DE-BE", "Europe/Berlin"),
        ),
        DemoCampaign(
            "Platform teams, autumn",
            "connector",
            {
                "connection_request": "Hi {{firstName|there}}, we run outreach for platform teams like {company|yours}. Shall we connect?",
                "direct_message_1": "Thanks for connecting, {first_name}! What does {{company|your team}} use for campaigns today?",
                "direct_message_2": "{firstName}, a last word from me: I wrote down how teams like yours do it. Want to read it?",
            },
            {"direct_message_1": 24, "direct_message_2": 48},
            "sales_navigator.csv",
        ),
    ),
    DemoWorkspace(
        "Qamar Analytics",
        "ops@qamar.example",
        (
            DemoAccount("riyadh-premium", "Faisal, Riyadh", "premium", "SA", "Asia/Riyadh"),
            DemoAccount("berlin-premium", "Jonas, Berlin", "premium", "DE-BE", "Europe/Berlin"),
        ),
        DemoCampaign(
            "Old friends",
            "messenger",
            {
                "direct_message_1": "Hello {{first_name|there}}, it has been a while. Does {{company_name|your firm}} still hire?",
                "direct_message_2": "{firstName|Hello again}, no hurry at all: shall I send you our salary report?",
            },
            {"direct_message_2": 48},
            "connections.csv",
        ),
    ),
)

BEHAVIOUR: Final = {
    "acceptance_rate": 0.5,
    "acceptance_delay": {"shortest_h": 0.5, "longest_h": 48},
    "reply_rate": 0.35,
    "reply_delay": {"shortest_h": 0.3, "longest_h": 36},
    "delivery": {"duplicate_percent": 10, "reorder_percent": 5, "relation_delay": {"shortest_h": 0, "longest_h": 4}},
}
"""People of the simulator: half accept, a third of all answer once; some webhooks come twice or late."""
