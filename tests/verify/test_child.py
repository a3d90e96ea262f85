"""Programs that misbehave: each ends with a clear verdict, nothing is left running and nothing is written elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

psutil = pytest.importorskip("psutil", reason="a proof needs psutil")

from bslint.verify import child  # noqa: E402
from bslint.verify.child import Limits, Outcome  # noqa: E402

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are POSIX")

LIMITS = Limits(seconds=20, memory=1 << 30)


def run(body: str, limits: Limits = LIMITS) -> Outcome:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    source = f"import os, signal, subprocess, sys, threading, time\ndef prove():\n{lines}\n"
    return child.run(
        {"method": "window-replay", "source": source, "snippet": "import json; print(json.dumps(prove()))"}, limits
    )


def seen(outcome: Outcome) -> object:
    return json.loads(outcome.result["printed"])


def left_running(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            home = process.environ().get("HOME", "")
            if home.startswith(str(folder)) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.fixture(autouse=True)
def nothing_left(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert left_running(folder) == []
    assert list(folder.iterdir()) == []


def test_a_result():
    outcome = run("print('hello', file=sys.stderr)\ntime.sleep(0.3)\nreturn {'sample': 32}")
    assert (outcome.ending, outcome.code, seen(outcome)) == ("result", 0, {"sample": 32})
    assert outcome.output == "hello\n"
    assert outcome.peak > 0


def test_progress_is_told():
    said: list[str] = []
    child.run({"method": "window-replay", "source": "", "snippet": "pass"}, LIMITS, progress=said.append)
    assert said == ["the recipe is built", "the proof runs", "the loop runs"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise ValueError('no such layer')", "ValueError: no such layer"),
        ("sys.exit(3)", "SystemExit: 3"),
        ("return missing", "NameError: name 'missing' is not defined"),
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("return object()", "TypeError: Object of type object is not JSON serializable"),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded"),
        ("return input()", "EOFError: EOF when reading a line"),
        ("import urllib.request\nurllib.request.urlopen('http://192.0.2.1/')", "URLError: <urlopen error the program wants"),
        ("import socket\nsocket.create_connection(('192.0.2.1', 80))", "NetworkError: the program wants to connect to"),
    ],
)  # fmt: skip
def test_errors_are_results(body, reason):
    outcome = run(body)
    assert (outcome.ending, outcome.result["outcome"]) == ("result", "error")
    assert outcome.result["reason"].startswith(reason)


def test_an_error_has_its_place():
    assert run("raise ValueError").result["recipe_line"] == 3


@pytest.mark.parametrize(
    ("body", "ending", "code"),
    [
        ("os._exit(7)", "exit", 7),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "signal", -11),
        ("os.kill(os.getpid(), signal.SIGKILL)", "signal", -9),
        ("os.abort()", "signal", -6),
    ],
)
def test_sudden_ends(body, ending, code):
    outcome = run(body)
    assert (outcome.ending, outcome.code, outcome.result) == (ending, code, {})


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "time.sleep(1000)",
        "for number in range(1, 65):\n    try: signal.signal(number, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
        "time.sleep(1000)",
        "os.closerange(3, 100)\ntime.sleep(1000)",
        "while True: print('x' * 10000)",
        "while True: os.write(2, b'x' * 10000)",
        'while True: os.write(int(sys.orig_argv[-1]), b\'{"progress": "more"}\\n\' * 100)',
        "while True: os.write(int(sys.orig_argv[-1]), b'x' * 100000)",
    ],
    ids=["busy", "asleep", "deaf", "silent", "chatty", "loud", "talkative", "garbage"],
)
def test_endless_programs(body):
    outcome = run(body, Limits(2, 1 << 30))
    assert outcome.ending == "timeout"
    assert outcome.seconds < 10
    assert len(outcome.output) <= 16 << 10


def test_allocations_without_end():
    outcome = run("held = []\nwhile True: held.append(bytearray(1 << 24))", Limits(30, 300 << 20))
    assert outcome.ending == "memory"
    assert outcome.peak < 2 << 30


def test_allocations_in_other_processes():
    hungry = "held = []\\nwhile True: held.append(bytearray(1 << 24))"
    outcome = run(f"subprocess.run([sys.executable, '-c', '{hungry}'])", Limits(30, 300 << 20))
    assert outcome.ending == "memory"


@pytest.mark.parametrize(
    "body",
    [
        "subprocess.Popen(['sleep', '1000'])\nreturn 1",
        "subprocess.Popen(['sleep', '1000'], start_new_session=True)\nreturn 1",
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(1000)\n    os._exit(0)\nos.wait()\nreturn 1",
        "thread = threading.Thread(target=time.sleep, args=(1000,))\nthread.start()\nreturn 1",
    ],
    ids=["child", "session", "daemon", "thread"],
)
def test_what_it_leaves_behind_ends(body):
    began = time.monotonic()
    assert seen(run(body)) == 1
    assert time.monotonic() - began < 10


def test_a_process_that_holds_the_pipes():
    outcome = run("if os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\nos._exit(5)", Limits(3, 1 << 30))
    assert outcome.seconds < 10
    assert (outcome.ending, outcome.code) == ("exit", 5)


class TestFiles:
    def test_home_and_temporary_files_are_its_own(self):
        outcome = run(
            "import tempfile, pathlib\npathlib.Path.home().joinpath('a').write_text('x')\nopen('b', 'w').close()\n"
            "return [str(pathlib.Path.home()), tempfile.gettempdir(), os.getcwd()]"
        )
        assert all("bslint-verify-" in folder and not Path(folder).exists() for folder in seen(outcome))

    def test_nothing_is_written_elsewhere(self, tmp_path):
        victim = tmp_path / "file"
        victim.write_text("kept")
        outcome = run(f"open({str(victim)!r}, 'w').write('lost')")
        if not outcome.result.get("confined"):
            pytest.skip("the kernel has no Landlock")
        assert outcome.result["reason"].startswith("PermissionError")
        assert victim.read_text() == "kept"


def test_it_does_not_see_what_ours_has_on_its_path(monkeypatch, tmp_path):
    (tmp_path / "planted.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert run("import planted").result["reason"].startswith("ModuleNotFoundError")


def test_another_python():
    bare = getattr(sys, "_base_executable", sys.executable)
    request = {"method": "window-replay", "source": "", "snippet": "import json, sys; print(json.dumps(sys.prefix))"}
    assert seen(child.run(request, LIMITS, python=bare)) == sys.base_prefix


def test_no_such_python(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        child.run({"method": "window-replay", "source": "", "snippet": ""}, LIMITS, python=str(tmp_path / "nowhere"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux ends a child with its parent")
def test_it_ends_with_a_parent_that_is_killed():
    program = (
        "from bslint.verify.child import Limits, run\n"
        "request = {'method': 'window-replay', 'source': '', 'snippet': 'import time; time.sleep(60)'}\n"
        "run(request, Limits(60, 1 << 30), progress=lambda words: print(words, flush=True))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        while "the loop runs" not in parent.stdout.readline():
            pass
        [child_process] = psutil.Process(parent.pid).children()
        parent.kill()
        assert psutil.wait_procs([child_process], timeout=10)[1] == []
