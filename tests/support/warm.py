"""A process that has imported every command and forks one for each that is asked for: a command's own process, without its start.

`python -m tests.support.warm FD` reads requests from a socket it has inherited and ends with it, so the process at the other end need not
tell it to. It has no threads, so that a fork of it is whole. A request is one message: the words, the environment and the folder as
JSON, and three files: for standard output, for standard error, and a socket that hears the process's id and, when it has ended, its
status.
"""

import json
import os
import signal
import socket
import sys
from importlib import import_module
from typing import Final

from cli.__main__ import main
from cli.app import COMMANDS

LONGEST: Final = 1 << 20
"""Bytes of a request."""


def serve(requests: socket.socket) -> None:
    """Fork a keeper for every request; the keeper forks the command, waits for it and says how it ended."""
    for place in COMMANDS.values():
        import_module(place.module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are not waited for
    while True:
        message, files, _, _ = socket.recv_fds(requests, LONGEST, 3)
        if not message:
            return
        if os.fork() == 0:
            requests.close()
            keep(message, files)
        for file in files:
            os.close(file)


def keep(message: bytes, files: list[int]) -> None:
    """Be the keeper of one command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    asked = json.loads(message)
    out, err, answers = files
    child = os.fork()
    if child == 0:
        become(asked["words"], asked["env"], asked["folder"], out, err)
    with socket.socket(fileno=answers) as asker:
        asker.send(str(child).encode())
        _, status = os.waitpid(child, 0)
        asker.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def become(words: list[str], env: dict[str, str], folder: str, out: int, err: int) -> None:
    """Be the command, as `python -m cli` would be."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for fd, standard in zip((nothing, out, err), range(3), strict=True):
        os.dup2(fd, standard)
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    sys.argv = ["tact", *words]
    code: object = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
