"""The process itself: how it starts, refuses to start, keeps its clock and goes on with its log."""

import asyncio
from pathlib import Path

import orjson

from tests.integration.simulator.simulator_process import KEY, Simulator, running, spawn, until


async def refusal(*options: str) -> str:
    """What a command that cannot start says; exactly one line."""
    process = await spawn("--port", "0", "--api-key", KEY, *options)
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, out) == (1, b"")
    assert err.count(b"\n") == 1
    return err.decode()


async def test_a_port_in_use_is_one_clear_sentence(simulator: Simulator) -> None:
    port = simulator.base.rsplit(":", 1)[1]
    process = await spawn("--port", port, "--api-key", KEY)
    _, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert err.decode() == f"Port {port} is in use. Stop the process that listens there, or choose another with --port.\n"


async def test_options_and_files_with_mistakes_are_named(tmp_path: Path) -> None:
    broken, wrong = tmp_path / "broken.json", tmp_path / "wrong.json"
    broken.write_text("{")
    wrong.write_text('{"accounts": [{"id": "acc-1", "type": "gold"}]}')
    assert "not valid JSON" in await refusal("--world", str(broken))
    assert "accounts.0.type" in await refusal("--world", str(wrong))
    assert "cannot be read" in await refusal("--world", str(tmp_path / "absent.json"))
    assert "cannot be written" in await refusal("--log", str(tmp_path))
    assert "clock_speed" in await refusal("--clock-speed", "0")
    assert "leave out --clock-start" in await refusal("--clock-speed", "2", "--clock-database", "postgresql://127.0.0.1:1/none")
    assert "Check --clock-database" in await refusal("--clock-database", "postgresql://127.0.0.1:1/none")


async def test_the_own_clock_starts_where_told_and_runs_as_fast_as_told(tmp_path: Path) -> None:
    async with running(tmp_path, "--clock-start", "2026-03-02T09:00:00+01:00", "--clock-speed", "3600") as simulator:

        async def an_hour_later() -> bool:
            return bool((await simulator.levers.get("/state")).json()["business_now"] > "2026-03-02T09:00:00.000Z")

        first = (await simulator.levers.get("/state")).json()["business_now"]
        assert first.startswith("2026-03-02T")
        await until(an_hour_later)


async def test_the_log_goes_on_where_an_earlier_process_stopped(tmp_path: Path) -> None:
    for _ in range(2):
        async with running(tmp_path) as simulator:
            await simulator.invite()
            effects = await simulator.effects()
    lines = [orjson.loads(line) for line in (tmp_path / "log.jsonl").read_bytes().splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert [line["kind"] for line in lines] == ["started", "call"] * 2
    assert effects == lines[3:]


async def test_two_processes_with_one_seed_hold_the_same_people(tmp_path: Path) -> None:
    profiles = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        async with running(tmp_path / folder, "--seed", "9") as simulator:
            profiles.append((await simulator.get("/users/somebody-new-42")).json())
    assert profiles[0] == profiles[1]
