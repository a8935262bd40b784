"""A brief run of `make chaos`: three brokers, everything killed once, and the simulator's log finds every send exactly once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
ASKED = ("ok", "seed", "sends", "kills", "duplicates", "lost", "breaches", "unknown_waiting", "recovery_p99_s")


def test_a_brief_run_loses_nothing_sends_nothing_twice_and_leaves_no_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "embedded.chaos", "--sends", "80", "--seed", "5"],
        cwd=ROOT,
        env={**os.environ, "TACT_BUILD_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    said = done.stdout[-4000:] + done.stderr[-2000:]
    verdict = json.loads((tmp_path / "chaos-verdict.json").read_text())
    assert set(ASKED) <= set(verdict)
    assert (verdict["seed"], verdict["sends"]) == (5, 80), said
    assert (verdict["duplicates"], verdict["lost"], verdict["breaches"], verdict["unknown_waiting"]) == (0, 0, 0, 0), said
    again = verdict["told_again"]
    assert (again["times"], again["published"] > 300, again["would_act"], again["writes"]) == (3, True, 0, 0), said
    assert (again["changed"], again["behind"]) == ([], []), said
    assert all(verdict["kills"][kind] for kind in ("service", "pair", "broker", "postgres", "freeze"))
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])]


def test_a_run_too_small_to_break_anything_is_refused_in_words() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "embedded.chaos", "--sends", "3"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "SENDS=3 is too few to break anything; give 8 or more.\n"
