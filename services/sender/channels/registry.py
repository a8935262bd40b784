"""The registry of channels: which one delivers an action.

A new channel is a module beside this one, an entry in `open_channels`, its rules in rules/outcome, and its name in REGISTERED_CHANNELS
(shared/vocabulary/channels.py). Nothing outside a channel's own modules asks which channel an attempt has.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.sender.channels.linkedin import LinkedIn
from services.sender.rules.attempt import Attempt
from services.sender.rules.outcome.attempt_outcome import AttemptOutcome, ProspectEffect, refused_before_call
from shared.unipile.client import UnipileClient
from shared.vocabulary import Action


class Deliverer(Protocol):
    """Makes the one call of an attempt."""

    async def deliver(self, attempt: Attempt, may_begin: Callable[[], bool]) -> AttemptOutcome:
        """Make the call and return what the answer means; raises nothing but cancellation.

        `may_begin` is called right before the first byte leaves; when it returns False, nothing leaves.
        """


class ActionChannel(Deliverer, Protocol):
    """One channel."""

    @property
    def actions(self) -> frozenset[Action]:
        """What this channel delivers."""


class ChannelRegistry:
    """The channels of a sender, by action."""

    def __init__(self, channels: Sequence[ActionChannel], *, now: Callable[[], datetime]) -> None:
        self._now = now
        self.by_action: Mapping[Action, ActionChannel] = {action: channel for channel in channels for action in channel.actions}

    async def deliver(self, attempt: Attempt, may_begin: Callable[[], bool]) -> AttemptOutcome:
        """Deliver over the channel of the attempt's action; the send fails where no channel is registered for it."""
        channel = self.by_action.get(attempt.action)
        if channel is None:
            error = ValueError(f"No channel delivers {attempt.action}; pause the campaign.")
            return refused_before_call(attempt, self._now(), error, prospect=ProspectEffect.GIVEN_UP)
        return await channel.deliver(attempt, may_begin)


def open_channels(client: UnipileClient, *, now: Callable[[], datetime]) -> ChannelRegistry:
    """Every channel that this version delivers over."""
    return ChannelRegistry([LinkedIn(client, now=now)], now=now)
