"""What an answer means for the send, the prospect and the account.

attempt_outcome.py holds for every channel; each channel has a module of its own beside it.
"""
