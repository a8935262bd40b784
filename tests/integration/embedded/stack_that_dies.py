"""Run by the tests of the parent death guard: starts real servers and a stubborn child, prints their ids, and waits to be killed."""

import asyncio
import json
import signal
import sys
from pathlib import Path

from embedded.child import BY_PRCTL, Child, Ready
from embedded.kafka import KafkaServer
from embedded.ports import free_port, free_ports
from embedded.postgres import PostgresServer
from embedded.process_group import ProcessGroup

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print("asked to end", flush=True))
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("deaf from here on", flush=True)
time.sleep(600)
"""


def deaf(log: Path) -> Ready:
    """Ready when the child ignores signals, and not a moment earlier."""

    async def probe() -> bool:
        return "deaf" in await asyncio.to_thread(log.read_text)

    return probe


async def main(folder: Path, kind: str) -> None:
    """Start what `kind` names (servers, stubborn, stdin), tell the process ids, and wait."""
    async with ProcessGroup(folder / "logs") as stack:
        children: list[Child] = []
        if kind == "servers":
            for server in (PostgresServer(folder / "postgres", free_port()), KafkaServer(folder / "kafka", *free_ports(2), archive=False)):
                await stack.run(server)
                children += [server.child] if server.child else []
        else:
            by_prctl = BY_PRCTL and kind != "stdin"
            argv = [sys.executable, "-c", STUBBORN]
            children.append(Child.start("stubborn", argv, log=stack.log_of("stubborn"), by_prctl=by_prctl))
            await children[0].until(deaf(stack.log_of("stubborn")), within=10)
            await stack.start("second", argv, ready=deaf(stack.log_of("second")))
        sys.stdout.write(json.dumps([child.pid for child in children]) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    # A shell without job control starts what it puts into the background deaf to Ctrl-C, and so are all its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
