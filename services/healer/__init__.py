"""The healer: detects rows that break a rule, settles attempts with unknown outcomes, and repairs rows with an audit trail."""
