"""The queuer's SQL: one aggregate per pair of .py and .sql."""
