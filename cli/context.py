"""Which stack the client commands call, and with which token.

`TACT_URL` and `TACT_TOKEN` win; else the context that `--context` names, else the one that `tact context use` chose. Contexts
are kept in one file with mode 0600, because it holds tokens. This module imports nothing of the services: every client command
imports it, and each import is paid at every start.
"""

import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cli.errors import CommandError

DEFAULT_URL: Final = "http://127.0.0.1:8080"
"""Where `tact up` listens unless TACT_PORT says otherwise."""
NAME: Final = re.compile(r"[\w.-]{1,64}")
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Context:
    """The address of a stack and the bearer token for it; an empty token means that none is known."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class Contexts:
    """What the file holds: contexts by name, and which one commands use unless told otherwise."""

    by_name: dict[str, Context]
    current: str | None = None

    def named(self, name: str) -> Context:
        """The context of that name.

        Raises:
            CommandError: there is none.
        """
        if name not in self.by_name:
            known = ", ".join(sorted(self.by_name)) or "none yet; `tact context add` stores one"
            raise CommandError(f"There is no context '{name}'. There are: {known}.")
        return self.by_name[name]


class _Selection:
    """What the global option `--context` named in this process."""

    name: str | None = None


def select_context(name: str | None) -> None:
    """Remember the name that `--context` gave; `current` reads it."""
    _Selection.name = name


def build_folder(name: str) -> Path:
    """The folder in which a local stack of that name keeps its files."""
    return Path(os.environ.get("TACT_BUILD_DIR", "build")) / name


def context_file() -> Path:
    """TACT_CONFIG, else contexts.json in the user's configuration folder (XDG)."""
    if chosen := os.environ.get("TACT_CONFIG"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "tact" / "contexts.json"


def current() -> Context:
    """The stack that client commands call.

    A token belongs to one address: a stored token is never sent to a TACT_URL that differs from the address it was stored for.

    Raises:
        CommandError: `--context` names no context or contradicts TACT_URL, or the file cannot be used.
    """
    url, token = os.environ.get("TACT_URL", "").rstrip("/"), os.environ.get("TACT_TOKEN", "")
    if url and _Selection.name is not None:
        raise CommandError("TACT_URL is set and wins over every context. Unset it, or leave --context out.")
    if url and token:
        return Context(url, token)  # the file is not needed, and may be broken
    contexts = read_contexts()
    if url:
        fitting = next((context for context in contexts.by_name.values() if context.url == url), None)
        return Context(url, fitting.token if fitting else "")
    name = _Selection.name or contexts.current
    if name is None:
        return Context(DEFAULT_URL, token)
    context = contexts.named(name)
    return replace(context, token=token) if token else context


def read_contexts() -> Contexts:
    """What is stored; nothing where there is no file.

    Raises:
        CommandError: others may read the file, or it is no file of contexts.
    """
    file = context_file()
    try:
        with file.open(encoding="utf-8") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if mode & OTHERS:
                raise CommandError(
                    f"{file} holds tokens, but other users of this machine may read or change it (mode {stat.S_IMODE(mode):04o}). "
                    f"Run: chmod 600 '{file}', and revoke its tokens if others could have read them."
                )
            stored = json.load(stream)
    except FileNotFoundError:
        return Contexts({})
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be read as a file of contexts: {error}. Repair or remove it.") from None
    return _parse(stored, file)


def store_context(name: str, context: Context, *, use: bool) -> None:
    """Add or replace a context; `use` makes it the current one, as the first one always becomes.

    Raises:
        CommandError: the name or the address cannot be used, or the file cannot be read or written.
    """
    if not NAME.fullmatch(name):
        raise CommandError(f"'{name}' is no name of a context: letters, digits, '.', '_' and '-', at most 64 of them.")
    parts = urlsplit(context.url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise CommandError(f"'{context.url}' is no address of a stack. Write it as https://tact.example.com.")
    with _exclusively():
        stored = read_contexts()
        chosen = name if use or stored.current is None else stored.current
        _write(Contexts(stored.by_name | {name: replace(context, url=context.url.rstrip("/"))}, chosen))


def use_context(name: str) -> None:
    """Make a stored context the current one.

    Raises:
        CommandError: there is none of that name, or the file cannot be read or written.
    """
    with _exclusively():
        stored = read_contexts()
        stored.named(name)
        _write(replace(stored, current=name))


def remove_context(name: str, *, then_use: str | None = None) -> None:
    """Remove a context; where it was the current one, `then_use` becomes current if it is stored, else none is.

    Raises:
        CommandError: there is none of that name, or the file cannot be read or written.
    """
    with _exclusively():
        stored = read_contexts()
        stored.named(name)
        left = {each: context for each, context in stored.by_name.items() if each != name}
        following = stored.current if stored.current != name else then_use
        _write(Contexts(left, following if following in left else None))


def _parse(stored: Any, file: Path) -> Contexts:
    try:
        by_name = {str(name): Context(str(each["url"]), str(each["token"])) for name, each in stored["contexts"].items()}
        chosen = stored.get("current")
    except (KeyError, TypeError, AttributeError):
        raise CommandError(f"{file} is no file of contexts. Repair or remove it; `tact context add` writes a new one.") from None
    return Contexts(by_name, chosen if chosen in by_name else None)


def _write(contexts: Contexts) -> None:
    """Replace the file in one step: a reader sees the old contexts or the new ones, and a full disk leaves the old ones."""
    file = context_file()
    stored = {
        "current": contexts.current,
        "contexts": {name: {"url": each.url, "token": each.token} for name, each in sorted(contexts.by_name.items())},
    }
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            json.dump(stored, stream, indent=2, ensure_ascii=False)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise CommandError(f"{file} cannot be written: {error.strerror}. TACT_CONFIG names another place.") from None


@contextmanager
def _exclusively() -> Iterator[None]:
    """One writer at a time: two commands that change the file at once would lose one of the two changes."""
    file = context_file()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(file.with_name(f".{file.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}. TACT_CONFIG names another place.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
