"""Where downloads and prepared templates stay between runs."""

import os
import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


class EmbeddedError(Exception):
    """An embedded server cannot be had on this machine, or not now; the sentence says what to do."""


def cache_folder(name: str) -> Path:
    """The folder `name` below TACT_CACHE_DIR, made if it is not there; by default `.cache` of a checkout, else the user's cache (XDG).

    Raises:
        EmbeddedError: it cannot be made.
    """
    chosen = os.environ.get("TACT_CACHE_DIR")
    folder = (Path(chosen).expanduser() if chosen else _default_folder()) / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedError(
            f"The cache folder {folder} cannot be made: {error}. Point TACT_CACHE_DIR at a folder you may write."
        ) from error
    return folder.resolve()


def _default_folder() -> Path:
    if (REPOSITORY / "pyproject.toml").exists():
        return REPOSITORY / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "tact"  # a wheel: its own folder is not ours to fill


def require_space(folder: Path, needed: int) -> None:
    """Refuse to begin on a disk with less than `needed` bytes free: a server that runs out later fails in stranger ways.

    Raises:
        EmbeddedError: too little is free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise EmbeddedError(
            f"The disk of {folder} has {free / 1e6:.0f} MB free, {needed / 1e6:.0f} MB are needed. Make room, then try again."
        )
