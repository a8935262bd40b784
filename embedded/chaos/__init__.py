"""Faults on purpose: the stack with everything in it killed, frozen and moved while sends go out, judged by the simulator's log."""
