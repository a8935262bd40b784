"""A process that has imported every command and forks one for each that is asked for: a command's own process, without its start.

`python -m tests.support.warm SOCKET` serves until its standard input closes, which it does when whoever started it is gone. It has no
threads, so that a fork of it is whole. A request is one message: the words, the environment and the folder as JSON, with the files
for standard output and error; the answers are the process's id and, when it has ended, its status, a line each.
"""

import json
import os
import select
import shutil
import signal
import socket
import sys
from importlib import import_module
from pathlib import Path
from typing import Final

from cli.__main__ import main
from cli.app import COMMANDS

LONGEST: Final = 1 << 20
"""Bytes of a request."""


def serve(path: Path) -> None:
    """Fork a keeper for every request; the keeper forks the command, waits for it and says how it ended. The folder goes at the end."""
    for place in COMMANDS.values():
        import_module(place.partition(":")[0])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are not waited for
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(str(path))
        door.listen()
        while sys.stdin not in select.select([door, sys.stdin], [], [])[0]:
            visitor, _ = door.accept()
            if os.fork() == 0:
                door.close()
                keep(visitor)
            visitor.close()
    shutil.rmtree(path.parent)


def keep(visitor: socket.socket) -> None:
    """Be the keeper of one command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, files, _, _ = socket.recv_fds(visitor, LONGEST, 2)
    asked = json.loads(message)
    child = os.fork()
    if child == 0:
        visitor.close()
        become(asked["words"], asked["env"], asked["folder"], files)
    visitor.send(str(child).encode())
    _, status = os.waitpid(child, 0)
    visitor.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def become(words: list[str], env: dict[str, str], folder: str, files: list[int]) -> None:
    """Be the command, as `python -m cli` would be."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for fd, standard in zip((nothing, *files), range(3), strict=True):
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
    serve(Path(sys.argv[1]))
