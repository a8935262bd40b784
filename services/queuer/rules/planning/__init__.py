"""Pure decisions about which step, words, account and moment a prospect gets next."""
