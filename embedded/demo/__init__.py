"""The demo: a week of two workspaces, played fast and judged by the simulator's own log."""
