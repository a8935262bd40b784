"""Pure decisions of the healer: what the evidence says about an attempt whose end nobody saw."""
