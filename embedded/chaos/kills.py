"""Injects a plan's faults into a stack, one after the other, and records when each began."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from embedded.chaos.plan import ChaosPlan, FaultKind, PlannedFault
from embedded.chaos.provider_faults import ProviderFaults
from embedded.chaos.scenario import account
from embedded.chaos.stack import ChaosStack

DISCONNECTED_OF_A_HUNDRED = 2


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """A fault that took place."""

    what: str
    kind: FaultKind
    at: datetime


class FaultInjector:
    """Injects the faults; a fault waits until its target has recovered from an earlier one, so that each fault has an effect."""

    def __init__(self, plan: ChaosPlan, stack: ChaosStack, provider_faults: ProviderFaults, *, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._stack = stack
        self._provider_faults = provider_faults
        self._say = say
        self._random = Random(plan.seed + 1)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self.injected: list[InjectedFault] = []

    @property
    def by_kind(self) -> dict[str, int]:
        """How many faults of each kind were injected; a pair counts as two kills."""
        counts = Counter(one.kind.value for one in self.injected)
        return {kind.value: counts[kind.value] for kind in FaultKind}

    async def play(self) -> None:
        """Inject all faults and return when the last target has recovered."""
        loop = asyncio.get_running_loop()
        began = injected = loop.time()
        apart = self._plan.lasts_s / (len(self._plan.faults) + 1) / 2  # delayed faults must not all follow at once
        for fault in sorted(self._plan.faults, key=lambda one: one.at_s):
            await asyncio.sleep(max(0.0, began + fault.at_s - loop.time(), injected + apart - loop.time()))
            await self._when_free(fault)
            injected = loop.time()
            work = asyncio.create_task(self._inject(fault), name=f"{fault.kind} {fault.targets}")
            for key in self._keys(fault):
                self._busy[key] = work
        await asyncio.gather(*set(self._busy.values()))

    def _keys(self, fault: PlannedFault) -> tuple[str, ...]:
        # One broker at a time: with two of three away no record can be written, which is an outage and no fault to recover from.
        return tuple("broker" if target.startswith("broker") else target for target in fault.targets)

    async def _when_free(self, fault: PlannedFault) -> None:
        for key in self._keys(fault):
            if (work := self._busy.get(key)) is not None:
                await work

    def _note(self, fault: PlannedFault) -> None:
        names = " and ".join(fault.targets)
        self._say(f"{fault.kind}: {names} for {fault.lasts_s:.1f} s")
        self.injected.append(InjectedFault(f"{fault.kind} {names}", fault.kind, datetime.now(UTC)))

    async def _inject(self, fault: PlannedFault) -> None:
        self._note(fault)
        match fault.kind:
            case FaultKind.SERVICE | FaultKind.PAIR:
                await self._kill_services(fault)
            case FaultKind.BROKER:
                node = self._stack.broker(fault.targets[0])
                node.kill()
                await asyncio.sleep(fault.lasts_s)
                await self._stack.restart_server(node)
            case FaultKind.POSTGRES:
                self._stack.postgres.kill()
                await asyncio.sleep(fault.lasts_s)
                await self._stack.restart_server(self._stack.postgres)
            case FaultKind.FREEZE | FaultKind.HANG:
                with self._stack.frozen(fault.targets[0]):
                    await asyncio.sleep(fault.lasts_s)
            case FaultKind.REBALANCE:
                self._stack.processes.launch(fault.targets[0])
                await asyncio.sleep(fault.lasts_s)
                await self._stack.stop_service(fault.targets[0])
            case FaultKind.DISCONNECT:
                many = max(1, self._plan.accounts * DISCONNECTED_OF_A_HUNDRED // 100)
                lost = [account(n) for n in self._random.sample(range(self._plan.accounts), many)]
                await self._provider_faults.disconnect(lost)
                await asyncio.sleep(fault.lasts_s)
                await self._provider_faults.reconnect(lost)

    async def _kill_services(self, fault: PlannedFault) -> None:
        processes = self._stack.processes
        processes.kill(*fault.targets)
        await asyncio.sleep(fault.lasts_s)
        for name in fault.targets:
            processes.launch(name)
        await processes.until_ready(*fault.targets)
