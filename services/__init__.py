"""The four services: queuer, sender, poller, healer. They never import one another."""
