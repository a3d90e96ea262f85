"""The seam that chooses a device: GPUs are fakes here, logical devices are TensorFlow's own; who waits for whom."""

from __future__ import annotations

import json
import sys
import threading
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("psutil", reason="a proof needs psutil")

from bslint.verify import child, device, proving

MIB = 1 << 20


class Fake:
    """As much of TensorFlow as the seam asks, with some cards."""

    def __init__(self, cards):
        self.done = []
        self.config = SimpleNamespace(
            list_physical_devices=lambda kind: cards if kind == "GPU" else ["cpu"],
            set_visible_devices=lambda card, kind: self.done.append(("visible", card)),
            set_logical_device_configuration=lambda card, parts: self.done.append(("parts", card, parts)),
            LogicalDeviceConfiguration=lambda memory_limit: memory_limit,
            experimental=SimpleNamespace(
                get_device_details=lambda card: {"device_name": f"Card {card}"},
                set_memory_growth=lambda card, yes: self.done.append(("growth", card, yes)),
                reset_memory_stats=lambda name: self.done.append(("reset", name)),
                get_memory_info=lambda name: {"peak": 7, "current": 3},
            ),
        )


@pytest.fixture
def tensorflow(monkeypatch):
    """Give `tensorflow(cards)`: what `import tensorflow` gives the seam."""

    def install(*cards):
        fake = Fake(list(cards))
        monkeypatch.setitem(sys.modules, "tensorflow", fake)
        return fake

    return install


def test_the_first_card_is_taken_and_grows(tensorflow):
    fake = tensorflow("a", "b")
    chosen = device.choose("auto", None, stand_in=1 << 34)
    assert (chosen.name, chosen.title, chosen.limit, chosen.is_gpu) == ("GPU:0", "Card a", None, True)
    assert fake.done == [("visible", "a"), ("growth", "a", True)]


def test_memory_is_a_logical_device(tensorflow):
    fake = tensorflow("a", "b")
    chosen = device.choose("gpu:1", 512 * MIB)
    assert (chosen.title, chosen.limit) == ("Card b", 512 * MIB)
    assert fake.done == [("visible", "b"), ("parts", "b", [512])]


def test_a_cards_allocator_is_read(tensorflow):
    fake = tensorflow("a")
    chosen = device.choose("gpu:0", None)
    chosen.reset()
    assert (chosen.peak(), chosen.current(), fake.done[-1]) == (7, 3, ("reset", "GPU:0"))


@pytest.mark.parametrize(("wanted", "words"), [("gpu:2", "there is no gpu:2: TensorFlow sees 1"), ("gpu:0", "no GPU")])
def test_a_card_that_is_not_there(wanted, words, tensorflow):
    tensorflow(*(["a"] if "2" in wanted else []))
    with pytest.raises(device.DeviceError, match=words):
        device.choose(wanted, None)


def test_a_cpu_stands_in(tensorflow, monkeypatch):
    tensorflow()
    monkeypatch.setenv("TF_CPU_BFC_MEM_LIMIT_IN_MB", "")
    assert device.choose("auto", None, stand_in=1 << 30).limit == 1 << 30
    assert device.os.environ["TF_CPU_BFC_MEM_LIMIT_IN_MB"] == "1024"


@pytest.mark.parametrize(
    ("wanted", "cards", "uses"),
    [("auto", [], False), ("auto", ["T4"], True), ("gpu:0", [], True), ("cpu", ["T4"], False)],
)
def test_who_uses_a_card(wanted, cards, uses, monkeypatch):
    monkeypatch.setattr(device, "cards", lambda: cards)
    assert device.uses_card(wanted) is uses


def test_hidden_cards_are_none(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert device.cards() == []


@pytest.mark.parametrize(
    ("method", "wanted", "cards", "together"),
    [
        ("trial-step", "auto", ["T4"], 1),
        ("trace", "auto", ["T4"], 1),
        ("trial-step", "cpu", [], 1),
        ("trace", "cpu", ["T4"], 3),
        ("pipeline-run", "cpu", ["T4"], 3),
        ("window-replay", None, ["T4"], 3),
    ],
)
def test_how_many_run_together(method, wanted, cards, together, monkeypatch):
    running, most = [0], [0]

    def run(request, *_, **__):
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.2)
        running[0] -= 1
        return child.Outcome("timeout", {}, 0, "", 0.0)

    monkeypatch.setattr(proving, "run", run)
    monkeypatch.setattr(device, "cards", lambda: cards)
    request = {"method": method, **({"device": wanted} if wanted else {})}
    how = proving.Wanted()
    threads = [threading.Thread(target=proving._run, args=(request, how, print)) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most[0] == together


_TWO_DEVICES = """
import json, sys
from bslint.verify import device
device.prepare("cpu")
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
found = []
for name in ("CPU:0", "CPU:1"):
    one = device.Device(name, "CPU", None)
    with tf.device(name):
        kept = tf.zeros([2 << 20])
        one.reset()
        more = tf.ones([1 << 20]) + 1.0
    found.append([one.current() >> 20, one.peak() >> 20, more.device[-5:]])
print(json.dumps(found))
"""


@pytest.mark.tensorflow
def test_logical_devices_are_told_apart():
    pytest.importorskip("tensorflow", reason="the seam asks TensorFlow")
    request = {"method": "window-replay", "source": "", "snippet": _TWO_DEVICES}
    outcome = child.run(request, child.Limits(120, 8 << 30))
    printed = outcome.result.get("printed", outcome)
    (current, peak, where), (_, other, elsewhere) = json.loads(printed)
    assert (where, elsewhere) == ("CPU:0", "CPU:1")
    assert current >= 12
    assert peak >= 12
    assert other >= 4
