"""Metrics of every process. A service declares its own metrics in its metrics.py; labels come from enums, never from ids."""

import os

os.environ.setdefault("PROMETHEUS_DISABLE_CREATED_SERIES", "true")  # without this every counter has two series

from prometheus_client import Counter, Gauge, Histogram

JOB_SECONDS = Histogram("tact_job_duration_seconds", "How long a run of a job took.", ["job"])
JOB_FAILURES = Counter("tact_job_failures_total", "Runs of a job that raised; it runs again by itself.", ["job"])
JOB_LAST_SUCCESS = Gauge("tact_job_last_success_timestamp_seconds", "When a job last ran to its end (Unix time).", ["job"])
CONSUMED = Counter("tact_consumed_messages_total", "Kafka records handled.", ["topic", "outcome"])
DEAD_LETTERS = Counter("tact_dead_letters_total", "Records set aside as dead letters.", ["topic", "reason", "fault"])
CONSUMER_STOPPED = Gauge("tact_consumer_stopped", "1: too much became dead letters; the consumer waits for a person.", ["topic"])
REDELIVERIES = Counter("tact_redeliveries_total", "Batches given back to Kafka because our store or broker was away.", ["topic"])
REBALANCES = Counter("tact_rebalances_total", "Times partitions were taken from this process.", ["topic"])
PUBLISHED = Counter("tact_published_messages_total", "Records Kafka confirmed.", ["topic"])
PRODUCER_FATAL = Counter("tact_producer_fatal_total", "Times the producer was refused for good; the process restarts.", [])
OUTBOX_PENDING = Gauge("tact_outbox_pending", "Outbox rows of this service not yet published, as the relay last saw.", [])
OUTBOX_OLDEST = Gauge("tact_outbox_oldest_seconds", "Age of the oldest unpublished outbox row.", [])
FENCE_OPEN = Gauge("tact_fence_open", "1 while something may leave by the fence; 0: read-only, or it cannot be read.", [])
FENCE_READ_ONLY = Gauge("tact_read_only", "1 while the stack is read-only until a person runs `tact adopt --apply`.", [])
FENCE_HEAD = Gauge("tact_fence_head", "Number of the ledger's last head in the database, as this process last read it.", [])
