"""What came back: accepted connections, replies, the state of accounts."""
