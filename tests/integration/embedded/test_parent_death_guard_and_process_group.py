"""However a stack ends, none of its processes stays behind; and a process that dies at its start is quoted."""

import asyncio
import json
import signal
import sys
import threading
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from embedded.cache import REPOSITORY
from embedded.child import Child, ChildError
from embedded.ports import free_port
from embedded.process_group import Command, ProcessGroup
from embedded.ready import answers, listens
from tests.support.facts import eventually
from tests.support.processes import runs

WAITS = "import time; time.sleep(600)"
TELLS_ITS_END = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print(time.monotonic_ns()), sys.exit(0)))
print("up")
time.sleep(600)
"""


def has_written(log: Path, words: str) -> bool:
    return words in log.read_text()


class Stack:
    """A process that started others, all of them known by their ids."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.family: list[psutil.Process] = []

    def left(self) -> list[int]:
        """The process ids of those that still run."""
        return [member.pid for member in self.family if member.is_running() and runs(member.pid)]

    async def nothing_is_left(self) -> bool:
        return not self.left()


@pytest_asyncio.fixture
async def stacks(tmp_path: Path) -> AsyncIterator[list[Stack]]:
    started: list[Stack] = []
    yield started
    for stack in started:
        for member in stack.family:
            if member.is_running():
                member.kill()
        if stack.process.returncode is None:
            stack.process.kill()
        await stack.process.wait()


async def start_stack(stacks: list[Stack], folder: Path, kind: str) -> Stack:
    module = "tests.integration.embedded.stack_that_dies"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, str(folder), kind, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )
    stack = Stack(process)
    stacks.append(stack)
    assert process.stdout is not None
    async with asyncio.timeout(60):
        told = json.loads(await process.stdout.readline())
    stack.family = psutil.Process(process.pid).children(recursive=True)
    assert set(told) <= {member.pid for member in stack.family}
    return stack


async def test_killing_the_parent_ends_postgres_with_its_backends_and_the_java_of_kafka(stacks: list[Stack], tmp_path: Path) -> None:
    stack = await start_stack(stacks, tmp_path, "servers")
    names = {member.name() for member in stack.family}
    assert "java" in names
    assert "postgres" in names
    stack.process.send_signal(signal.SIGKILL)
    await eventually(stack.nothing_is_left, within=15, what="all children of a killed parent to end")


@pytest.mark.parametrize("kind", ["stubborn", "stdin"])
async def test_killing_the_parent_ends_a_child_that_ignores_signals_by_either_guard(stacks: list[Stack], tmp_path: Path, kind: str) -> None:
    stack = await start_stack(stacks, tmp_path, kind)
    stack.process.send_signal(signal.SIGKILL)
    await eventually(stack.nothing_is_left, within=15, what="all children of a killed parent to end")


async def test_a_second_ctrl_c_while_stopping_leaves_nothing_behind(stacks: list[Stack], tmp_path: Path) -> None:
    stack = await start_stack(stacks, tmp_path, "stubborn")
    stack.process.send_signal(signal.SIGINT)
    log = tmp_path / "logs" / "second.log"
    await eventually(partial(has_written, log, "asked to end"), what="the stubborn child to hold up the stop")
    assert stack.process.returncode is None
    stack.process.send_signal(signal.SIGINT)
    async with asyncio.timeout(8):
        await stack.process.wait()
    await eventually(stack.nothing_is_left, within=5, what="all children to end after the second Ctrl-C")


async def test_a_child_that_dies_at_its_start_is_quoted(tmp_path: Path) -> None:
    async with ProcessGroup(tmp_path) as stack:
        with pytest.raises(ChildError, match=r"(?s)poller ended at once \(exit status 3\).*poller\.log.*no such setting"):
            await stack.start(
                "poller",
                [sys.executable, "-c", "import sys; print('no such setting'); sys.exit(3)"],
                ready=listens(free_port()),
            )


async def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    async with ProcessGroup(tmp_path) as stack:
        with pytest.raises(ChildError, match="/no/such/command could not be started"):
            await stack.start("ghost", ["/no/such/command"], ready=listens(free_port()))


async def test_a_child_that_is_not_ready_in_time_is_ended(tmp_path: Path) -> None:
    async with ProcessGroup(tmp_path) as stack:
        with pytest.raises(ChildError, match=r"slow was not ready within 0\.5 s"):
            await stack.start("slow", [sys.executable, "-c", WAITS], ready=listens(free_port()), within=0.5)


async def test_a_child_that_answers_is_ready_and_gets_the_environment_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("hello")
    port = free_port()
    async with ProcessGroup(tmp_path / "logs") as stack:
        argv = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
        child = await stack.start("http", argv, {"TACT_TEST": "1"}, ready=answers(f"http://127.0.0.1:{port}/page.txt"), cwd=tmp_path)
        assert psutil.Process(child.pid).environ()["TACT_TEST"] == "1"
    assert not runs(child.pid)


async def test_a_child_that_dies_later_is_reported_and_one_that_is_stopped_is_not(tmp_path: Path) -> None:
    async with ProcessGroup(tmp_path) as stack:
        await stack.start("stopped", [sys.executable, "-c", WAITS])
        await stack.stop("stopped")
        doomed = await stack.start("doomed", [sys.executable, "-c", WAITS])
        doomed.send(signal.SIGKILL)
        async with asyncio.timeout(5):
            death = await stack.first_death()
    assert (death.name, death.returncode) == ("doomed", -signal.SIGKILL)
    assert stack.deaths == [death]
    assert "doomed ended by itself (killed by SIGKILL)" in str(death)


async def test_a_command_that_restarts_is_started_again_unless_it_was_killed_on_purpose(tmp_path: Path) -> None:
    async with ProcessGroup(tmp_path) as stack:
        await stack.run(Command("service", [sys.executable, "-c", WAITS], log=stack.log_of("service"), restarts=True))
        first = stack.child("service")
        assert first is not None
        first.send(signal.SIGKILL)
        await eventually(lambda: stack.child("service") is not first, within=5, what="the service to be started again")
        assert [death.name for death in stack.deaths] == ["service"]
        stack.kill("service")
        killed = stack.child("service")
        stack.launch("service")
        again = stack.child("service")
        assert again is not None
        assert again is not killed
        assert runs(again.pid)
        assert len(stack.deaths) == 1


async def test_a_frozen_process_goes_on_when_the_block_ends(tmp_path: Path) -> None:
    async with ProcessGroup(tmp_path) as stack:
        child = await stack.start("frozen", [sys.executable, "-c", WAITS])
        process = psutil.Process(child.pid)
        with stack.frozen(child):
            assert process.status() == psutil.STATUS_STOPPED
        await eventually(lambda: process.status() != psutil.STATUS_STOPPED, what="the process to go on")


async def test_children_are_stopped_in_the_reverse_order_of_their_start(tmp_path: Path) -> None:
    stack = ProcessGroup(tmp_path)
    for name in ("first", "second", "third"):
        await stack.start(name, [sys.executable, "-u", "-c", TELLS_ITS_END])
        await eventually(partial(has_written, stack.log_of(name), "up"), what=f"{name} to be up")
    await stack.stop_all()
    ended = {name: int(stack.log_of(name).read_text().split()[1]) for name in ("first", "second", "third")}
    assert sorted(ended, key=lambda name: ended[name]) == ["third", "second", "first"]


def test_a_child_is_not_started_from_another_thread_whose_end_would_take_it_along(tmp_path: Path) -> None:
    caught: list[Exception] = []

    def start() -> None:
        try:
            Child.start("stray", [sys.executable, "-c", WAITS], log=tmp_path / "stray.log", by_prctl=True)
        except ChildError as error:
            caught.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "must be started from the main thread" in str(caught[0])


async def test_waiting_for_a_fact_that_does_not_come_tells_the_last_answer() -> None:
    with pytest.raises(AssertionError, match=r"waited 0\.1 s for the moon; the last answer was \[\]"):
        await eventually(list[int], within=0.1, what="the moon")
