"""Run a command once nobody else holds a lock: `python3 requirements/locked.py LOCK COMMAND...`.

Two `make` at once may want to build the same virtual environment. util-linux has `flock` for this, but
macOS has not, and Python is here anyway.
"""

import fcntl
import os
import sys
from pathlib import Path


def main() -> None:
    """Become the command, holding the lock until it ends, however it ends."""
    lock, *command = sys.argv[1:]
    Path(lock).parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.set_inheritable(descriptor, True)
    os.execvp(command[0], command)  # noqa: S606 - the Makefile's own command, without a shell


if __name__ == "__main__":
    main()
