"""The provider's client: typed calls, one table of what its errors mean, and its webhooks."""
