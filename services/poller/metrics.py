"""The poller's own metrics; those every service has stand in shared/metrics.py."""

from prometheus_client import Counter, Histogram

WEBHOOKS = Counter(
    "tact_webhooks_total",
    "Deliveries of the provider, by what they were; unknown_account, garbage and wrong_secret are the ones to look at.",
    ["kind"],
)
WEBHOOK_SECONDS = Histogram(
    "tact_webhook_duration_seconds",
    "From a delivery's arrival to its commit. The provider gives up after 30 s.",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30),
)
ACCEPTED = Counter("tact_connections_accepted_total", "Prospects who became connected, by how we saw it.", ["source"])
REPLIES = Counter("tact_replies_total", "Answers stored for the first time, by how we saw them and what they are.", ["source", "kind"])
SETTLED = Counter("tact_poller_settled_attempts_total", "Unknown invitations proven by an acceptance or an answer.", [])
UNSETTLED_GIVEN_UP = Counter(
    "tact_poller_unsettled_given_up_total", "Acceptances whose invitation stayed open through every second look; the healer has it.", []
)
READS = Counter("tact_reads_total", "Reads of the provider, by kind and how they ended.", ["kind", "outcome"])
BY_HAND = Counter(
    "tact_invitations_by_hand_total",
    "Invitations that members sent in LinkedIn itself, by what was done: counted, old (spends no budget), given_back (was ours after all).",
    ["outcome"],
)
ACCOUNT_CHANGES = Counter("tact_account_status_changes_total", "Accounts that changed status by the provider's word.", ["status"])
