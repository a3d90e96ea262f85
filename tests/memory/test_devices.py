"""Devices by name, by alias and by size."""

import pytest

from bslint.memory.devices import GIB, MIB, DeviceError, device, devices


@pytest.mark.parametrize(
    ("name", "bytes_"),
    [("16GiB", 16 * GIB), ("8GB", 8 * 10**9), ("512 MiB", 512 * MIB), ("1.5gib", 3 * GIB // 2), ("24G", 24 * GIB)],
)
def test_plain_sizes(name, bytes_):
    found = device(name)

    assert found.bytes == bytes_
    assert found.allowance == 0


@pytest.mark.parametrize(
    ("spelt", "name"),
    [
        ("T4", "T4"),
        ("tesla t4", "T4"),
        ("NVIDIA A100-SXM4-40GB", "A100-40GB"),
        ("a100", "A100-40GB"),
        ("A100 80GB", "A100-80GB"),
        ("rtx 4090", "RTX-4090"),
        ("NVIDIA GeForce RTX 3080 Ti", "RTX-3080-Ti"),
        ("GeForce GTX 1080 Ti", "GTX-1080-Ti"),
        ("colab", "T4"),
        ("kaggle", "P100"),
        ("g4dn.xlarge", "T4"),
        ("p3.2xlarge", "V100-16GB"),
        ("g6e.48xlarge", "L40S"),
        ("p5en.48xlarge", "H200"),
        ("Standard_NC40ads_H100_v5", "H100-NVL"),
        ("a2-highgpu-1g", "A100-40GB"),
        ("H200", "H200"),
        ("tpu-v3", "TPU-v3"),
    ],
)
def test_names_as_people_write_them(spelt, name):
    assert device(spelt).name == name


@pytest.mark.parametrize(
    ("wrong", "near"), [("RTX-4900", "RTX-4090"), ("A1000", "A100"), ("h10", "H100"), ("V-10", "V100")]
)
def test_the_nearest_name_is_suggested(wrong, near):
    with pytest.raises(DeviceError, match=f"did you mean {near}"):
        device(wrong)


@pytest.mark.parametrize("wrong", ["", "0GiB", "-3GiB", "GiB", "quantum computer of 1999"])
def test_what_is_no_device_raises(wrong):
    with pytest.raises(DeviceError):
        device(wrong)


def test_a_gpu_keeps_memory_for_itself_and_says_where_its_figure_is_from():
    for found in devices():
        assert found.source
        assert 4 * GIB <= found.bytes <= 192 * GIB
        assert (found.allowance > 0) == found.gpu
        assert device(found.name) is found
