"""HTTP in: how healthy the data is, the clean-up for cron, a workspace's notices and its unknown attempts for its people."""
