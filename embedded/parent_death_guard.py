"""Run a command that ends when its starter does, even when the starter was killed and could clean up nothing.

Called as `python -I -S embedded/parent_death_guard.py --parent PID [--user UID:GID] [--parting SIGNAL] [--by prctl|stdin] -- command ...`.
Linux offers PR_SET_PDEATHSIG, and this process then becomes the command. Elsewhere it stays, as the command's parent, and
watches its standard input, whose other end dies with the starter. Standard library only, and no import of ours: it runs
for every child, so it must be there in a few milliseconds.

The kernel's signal is sent when the *thread* that started us ends, so `embedded.child` starts from the main thread only; and
it is forgotten when a process changes its user, so the user changes first.
"""

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1  # linux/prctl.h
STARTER_GONE = 75  # sysexits.h EX_TEMPFAIL: the starter died before the guard was set
NOT_STARTED = 127  # what a shell answers for a command that cannot be run


def main(arguments: list[str]) -> int:
    """Become the command, or stay and watch over it; returns the exit status of what could not be exec'ed."""
    parser = argparse.ArgumentParser(prog="parent_death_guard")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--user", default="")
    parser.add_argument("--parting", type=int, default=signal.SIGKILL)
    parser.add_argument("--by", choices=["prctl", "stdin"], default="prctl")
    parser.add_argument("command", nargs="+")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.user:
            become(chosen.user)
        if chosen.by == "stdin":
            return watch(chosen.command, chosen.parting)
        hold(chosen.parting)
        if os.getppid() != chosen.parent:
            return STARTER_GONE  # it died between the fork and the line above
        os.execv(chosen.command[0], chosen.command)  # noqa: S606 - the caller's own words, no shell
    except OSError as error:
        sys.stderr.write(f"{chosen.command[0]} could not be started: {error}\n")
        return NOT_STARTED


def become(user: str) -> None:
    """Give up root for `UID:GID`; PostgreSQL refuses to run as root."""
    uid, gid = (int(number) for number in user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def hold(parting: int) -> None:
    """Ask the kernel to send us `parting` when the thread that started us ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, parting, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) was refused")


def watch(command: list[str], parting: int) -> int:
    """Run the command as a child, hand signals on, and send it `parting` when standard input ends."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - the caller's own words, no shell
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: child.send_signal(got))

    def until_the_starter_is_gone() -> None:
        while os.read(0, 1024):
            pass
        child.send_signal(parting)

    threading.Thread(target=until_the_starter_is_gone, daemon=True).start()
    status = child.wait()
    if status < 0:  # die of the same signal, so that the starter reads the same return code either way
        signal.signal(-status, signal.SIG_DFL) if -status not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -status)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
