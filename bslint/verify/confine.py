"""What the user's code may not do in the child: reach the network, or write outside its own folder.

Neither is a wall against somebody who means harm; both keep a program that downloads weights or writes a log from doing
so.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import struct
import sys
from typing import Any


class NetworkError(OSError):
    """The program wants something from the network."""


_SET_DEATH_SIGNAL = 1


def die_with_parent() -> None:
    """Let the system end this process when the one that started it ends, however that happens."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def close_network() -> None:
    """Let every connection to another machine fail at once."""

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            raise NetworkError(f"the program wants to connect to {address!r}, and a proof has no network")
        connect(self, address)

    def unresolved(host: Any, *_: Any, **__: Any) -> Any:
        raise NetworkError(f"the program wants to connect to {host!r}, and a proof has no network")

    connect = socket.socket.connect
    socket.socket.connect = refuse  # type: ignore[assignment, method-assign]
    socket.getaddrinfo = unresolved


# Linux's Landlock, see landlock(7): numbers of system calls are the same on all architectures.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_WRITES = sum(1 << bit for bit in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12))  # write a file, remove, make of every kind
_RULE_PATH_BENEATH = 1
_SET_NO_NEW_PRIVS = 38


def keep_writes_in(*folders: str) -> bool:
    """From now on this process and its children can write beneath these folders only; False where the system can't."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = struct.pack("=Q", _WRITES)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        for folder in folders:
            _allow(libc, ruleset, folder)
        failed = libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(_RESTRICT_SELF, ruleset, 0)
        return not failed
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, folder: str) -> None:
    try:
        handle = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, struct.pack("=Qi", _WRITES, handle), 0)
    finally:
        os.close(handle)
