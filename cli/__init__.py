"""The operator's tool `tact`. It calls the same workflows as the services' HTTP does."""
