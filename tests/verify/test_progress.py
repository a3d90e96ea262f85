"""What a person sees while proofs run, and how Ctrl-C ends them."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import select
import signal
import sys
import threading
import time
from textwrap import dedent

import pytest

pytest.importorskip("psutil", reason="a proof needs psutil")

import psutil
from rich.console import Console

from bslint.progress import Proofs
from bslint.verify.child import Limits, StoppedError, run

CODES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def shown(width):
    """The last lines that a terminal of this width shows of two proofs."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=width, height=20, color_system=None)
    with Proofs(console) as watch:
        watch.expect(3)
        with watch.one("BS101 a.py:1"):
            pass
        with watch.one("BS101 models/leaf_disease.py:80") as say, watch.one("BS205 b[1].py:3"):
            say("step 2")
            watch._progress.refresh()
            text = CODES.sub("", written.getvalue())
    return [line.rstrip() for line in text.replace("\r", "\n").split("\n")][-3:]


def test_each_proof_has_a_line():
    head, one, other = shown(100)
    assert head.endswith("1 of 3 done")
    assert one.endswith("BS101 models/leaf_disease.py:80 step 2")
    assert " ".join(other.split()[2:]) == "BS205 b[1].py:3 waits"


@pytest.mark.parametrize("width", [30, 44, 60])
def test_no_line_fills_a_narrow_terminal(width):
    lines = shown(width)
    assert all(len(line) < width for line in lines)
    assert "BS101" in lines[1]


def test_in_words():
    said = []
    with Proofs(None, said.append) as watch:
        watch.expect(1)
        with watch.one("BS101 a.py:1") as say:
            say("TensorFlow starts")
    assert said == ["BS101 a.py:1: TensorFlow starts"]


def test_nothing_where_nobody_looks():
    with Proofs(None) as watch:
        watch.expect(1)
        with watch.one("BS101 a.py:1") as say:
            say("TensorFlow starts")


def test_a_child_is_ended_when_nobody_waits():
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    began = time.monotonic()
    with pytest.raises(StoppedError):
        run({"method": "window-replay", "source": "", "snippet": "while True: pass"}, Limits(60, 1 << 32, stop))
    assert time.monotonic() - began < 10


PROGRAM = """
    import numpy as np
    import tensorflow as tf
    x = np.zeros((200, 8), "float32")
    source = tf.data.Dataset.from_tensor_slices(x).batch(32).shuffle(100)
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(source, epochs=5)
"""


def test_ctrl_c_ends_a_run_at_once(tmp_path):
    sleeper = tmp_path / "python"
    sleeper.write_text("#!/bin/sh\nsleep 60\n")
    sleeper.chmod(0o755)
    (tmp_path / "train.py").write_text(dedent(PROGRAM))
    options = ["--isolated", "--no-cache", "--select", "BS205", "--python", str(sleeper)]
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [sys.executable, "-m", "bslint", "verify", *options, str(tmp_path / "train.py")])
    screen = bytearray()
    deadline = time.monotonic() + 60
    while b"waits" not in screen and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            screen += os.read(terminal, 1 << 16)
    while not (children := psutil.Process(process).children(recursive=True)) and time.monotonic() < deadline:
        time.sleep(0.1)
    os.write(terminal, b"\x03")
    began = time.monotonic()
    with contextlib.suppress(OSError):  # Linux's way to say that nobody writes to a terminal any more
        while screen := os.read(terminal, 1 << 16):
            pass
    _, status = os.waitpid(process, 0)
    assert time.monotonic() - began < 20
    assert os.WTERMSIG(status) == signal.SIGINT
    assert children
    assert not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)
