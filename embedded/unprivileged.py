"""Running a server that refuses to be root, when we are root (containers usually are)."""

import logging
import os
import pwd
import shutil
import stat
from pathlib import Path
from typing import Final

from embedded.cache import EmbeddedError

SYSTEM_USER: Final = "nobody"  # there on every Linux and macOS; a user of our own would need useradd, which small images lack
PASS: Final = stat.S_IXOTH
READ: Final = stat.S_IROTH

log = logging.getLogger(__name__)


def server_user(folder: Path) -> tuple[int, int] | None:
    """The uid and gid to run as: None unless we are root, else the owner of an existing data folder, else `nobody`.

    The owner comes first, so that a folder made by a normal user keeps working for that user.

    Raises:
        EmbeddedError: we are root and the system has no user `nobody`.
    """
    if os.geteuid() != 0:
        return None
    if (folder / "PG_VERSION").exists() and (owner := folder.stat()).st_uid != 0:
        return owner.st_uid, owner.st_gid
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError as error:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root and there is no user `nobody` to run as. Start Tact as a normal user."
        ) from error
    return entry.pw_uid, entry.pw_gid


def change_owner(folder: Path, user: tuple[int, int] | None) -> None:
    """Make the folder, and all in it, that user's, closed to all other users (PostgreSQL insists)."""
    if user is not None:
        os.chown(folder, *user)
        for entry in folder.rglob("*"):
            os.chown(entry, *user, follow_symlinks=False)
    folder.chmod(0o700)


def open_way(folder: Path, user: tuple[int, int] | None) -> None:
    """Let that user pass through the folders above `folder`: passing only, what lies beside stays closed to it.

    Needed below /root and pytest's own folders, which are closed to all other users.
    """
    if user is None:
        return
    for above in folder.parents:
        mode = above.stat().st_mode
        if not mode & PASS:
            log.info("letting others pass through %s, so that the server can reach %s", above, folder)
            above.chmod(mode | PASS)


def open_tree(folder: Path, user: tuple[int, int] | None) -> None:
    """Let that user read and run what is installed in `folder` (a restrictive umask hides it from others)."""
    if user is None:
        return
    open_way(folder, user)
    if folder.stat().st_mode & READ and (folder / "bin" / "postgres").stat().st_mode & PASS:
        return
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | READ | (PASS if mode & stat.S_IXUSR else 0))


def remove(folder: Path) -> None:
    """Remove a folder with all in it; harmless when it is not there."""
    shutil.rmtree(folder, ignore_errors=True)


def empty(folder: Path) -> None:
    """Make an empty folder, removing all that was in it."""
    remove(folder)
    folder.mkdir(parents=True, exist_ok=True)
