"""Pure decisions about rows of users that break a rule: finding and repairing them."""
