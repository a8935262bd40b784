"""The demo's own stack, its own verdict: a day of it, as a user starts it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


def test_a_day_of_the_demo_ends_with_a_verdict_of_no_violation_and_leaves_no_process(tmp_path: Path) -> None:
    before = {process.pid for process in psutil.process_iter()}
    done = subprocess.run(
        [sys.executable, "-m", "cli", "demo", "--plain", "--days", "0.6", "--speed", "2500"],
        cwd=ROOT,
        env={**os.environ, "TACT_BUILD_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    verdict = json.loads((tmp_path / "demo-verdict.json").read_text())
    assert verdict["ok"] is True
    assert verdict["sent"] > 10  # of the 160 of a day of twenty seconds; how many a busy machine comes to is no matter here
    assert verdict["duplicates"] == verdict["ledger_not_in_log"] == verdict["log_not_in_ledger"] == 0
    assert set(verdict["violations"].values()) == {0}
    assert verdict["accepted"] > 0
    assert verdict["healed"]["corrupted"] == 50
    assert verdict["healed"]["seconds"] is not None
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.pid not in before and str(tmp_path) in " ".join(p.info["cmdline"] or [])]
