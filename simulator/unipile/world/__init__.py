"""Members, invitations, chats and the clock: a state machine that knows nothing of HTTP.

Time only enters as an argument, so that a test can walk through three weeks in a microsecond.
"""
