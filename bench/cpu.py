"""What each process spent, because on a small machine the CPU is what the rate is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of CPU by process name, and what the rest of the machine used meanwhile."""

    by_process: Mapping[str, float]
    elsewhere: float

    def since(self, before: "Cpu") -> "Cpu":
        """What was spent between two measurements."""
        spent = {name: max(seconds - before.by_process.get(name, 0.0), 0.0) for name, seconds in self.by_process.items()}
        return Cpu(spent, max(self.elsewhere - before.elsewhere, 0.0))


def measure_cpu(pids: Mapping[str, int]) -> Cpu:
    """CPU so far of these processes with all they started; one that is gone counts nothing."""
    spent = {name: _family_seconds(pid) for name, pid in pids.items()}
    machine = psutil.cpu_times()
    busy = sum(machine) - machine.idle - getattr(machine, "iowait", 0.0) - getattr(machine, "guest", 0.0)
    return Cpu(spent, busy - sum(spent.values()))


def _family_seconds(pid: int) -> float:
    try:
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(_cpu_seconds(process) for process in family)


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
