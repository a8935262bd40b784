"""Install the locked dependencies into .venv, and say in one sentence what to do when that fails.

Runs on the system's own Python before anything of ours is importable, so it may use the standard library only.
"""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED_BYTES = 1_500_000_000  # a full .venv is about 0.5 GB, the broker and the databases of a test run the rest


def main(lock: str) -> int:
    """Install `lock` with hash checking; returns the exit status."""
    if shutil.disk_usage(".").free < NEEDED_BYTES:
        return say(f"Not enough disk: Tact needs {NEEDED_BYTES / 1e9:.1f} GB free in {Path.cwd()}. Make room, then try again.")
    sys.stderr.write(f"Installing {lock} into .venv (about a minute the first time) ...\n")
    command = [".venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", lock]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 - fixed words, no shell
    if done.returncode == 0:
        write_command()
        return 0
    sys.stderr.write(done.stderr)
    return say(cause(done.stderr))


def write_command() -> None:
    """Put `tact` beside the environment's Python, so that `.venv/bin/tact` works from anywhere."""
    root = Path.cwd()
    script = root / ".venv" / "bin" / "tact"
    lines = [
        f"#!{root / '.venv' / 'bin' / 'python'}",
        "import sys",
        f"sys.path.insert(0, {str(root)!r})",
        "from cli.__main__ import main",
        "main()",
    ]
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    script.chmod(0o755)


def cause(errors: str) -> str:
    """Turn pip's last words into what the user can do."""
    text = errors.lower()
    if "no space left" in text:
        return "The disk is full. Make room, then try again."
    if "no matching distribution" in text or "not a supported wheel" in text:
        return (
            f"A locked package has no build for {platform.system()} {platform.machine()} with Python {platform.python_version()}. "
            "Use Linux or macOS on x86-64 or arm64 with Python 3.11 to 3.13."
        )
    if "gcc" in text or "compiler" in text or "failed building wheel" in text:
        return "A package wants a C compiler because it has no ready build for this Python. Use Python 3.11 to 3.13, or install a compiler."
    if "connection" in text or "timed out" in text or "resolve" in text:
        return "The package index could not be reached. Check the network or the proxy settings, then try again."
    return "The dependencies could not be installed; pip's own words stand above."


def say(sentence: str) -> int:
    """Print one sentence to standard error; returns 1."""
    sys.stderr.write(f"\n{sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
