"""Become another program that dies with its parent; run by path, so it needs nothing but the standard library.

Usage: ``python -I -S child.py PARENT_PID SIGNAL UID GID PROGRAM [ARGUMENT ...]``; UID and GID ``-`` stay as they are.
The user is changed first, since the kernel forgets the parent-death signal when credentials change.
"""

import ctypes
import os
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> NoReturn:
    """Ask for SIGNAL at the parent's death, then replace this process by PROGRAM; return only on failure."""
    parent, signal_number, uid, gid, *command = arguments
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != int(parent):  # it died before we asked
        sys.exit("the parent is gone")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
