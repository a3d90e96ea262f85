"""Devices by name: how much memory they have, and how much of it TensorFlow leaves alone.

Memory is what the driver reports as the card's total where that is known (`nvidia-smi`, MiB), else the size it is sold
with. Sources: NVIDIA's data sheets and product pages of the cards; Google Cloud's documentation of TPU versions; the
instance pages of AWS, Google Cloud and Azure. An entry's `source` says which.

Looked up in outputs of `nvidia-smi` that people published: K80, P100, V100 (both), T4, A10, A10G, A30, A40,
A100 (both), L4, L40S, H100-80GB, H100-NVL, GH200, H200, B200, RTX-3060, RTX-3080-Ti, RTX-3090, RTX-3090-Ti, RTX-4090,
RTX-5090, RTX-A6000. In the clouds' documentation: TPU-v5e, AWS's G4dn, G5, G6, P2 and P3, Azure's NC A100 v4,
ND A100 v4, ND H100 v5 and ND v2, Google's A2, A3 and G2. In other programs' tables: AWS's G6e, P4 and P5, Azure's
NC H100 v5 and NC T4 v3, Kaggle's accelerators. The others, and what Colab gives but the T4, are not looked up.
"""

from __future__ import annotations

import re

import msgspec

GIB, MIB = 2**30, 2**20

# What TensorFlow keeps from its allocator for CUDA's context and libraries, by compute capability:
# `MinSystemMemory` in `gpu_device.cc`. Not measured here.
_RESERVED = {3: 500 * MIB, 6: 500 * MIB, 7: 1050 * MIB, 8: 1536 * MIB, 9: 1536 * MIB, 10: 1536 * MIB, 12: 1536 * MIB}


class Device(msgspec.Struct, frozen=True):
    """A device.

    Args:
        name: as it is shown.
        bytes: its memory.
        allowance: bytes of it that are not the program's; not measured.
        gpu: whether it is a GPU; a plain size counts as one.
        source: where the figure is from.
    """

    name: str
    bytes: int
    allowance: int = 0
    gpu: bool = True
    source: str = "given as a size"


class DeviceError(ValueError):
    """No device of this name; the message suggests the nearest one."""


_SHEET, _DRIVER = "NVIDIA's data sheet", "total memory as the driver reports it"
# name: memory in MiB, major compute capability, source
_CARDS: dict[str, tuple[int, int, str]] = {
    "K80": (11441, 3, _DRIVER),
    "P4": (7611, 6, _DRIVER),
    "P40": (22919, 6, _DRIVER),
    "P100-12GB": (12288, 6, _SHEET),
    "P100": (16280, 6, _DRIVER),
    "V100-16GB": (16160, 7, _DRIVER),
    "V100-32GB": (32510, 7, _DRIVER),
    "T4": (15360, 7, _DRIVER),
    "A2": (15356, 8, _DRIVER),
    "A10": (23028, 8, _DRIVER),
    "A10G": (23028, 8, _DRIVER),
    "A16": (15356, 8, _DRIVER),
    "A30": (24576, 8, _DRIVER),
    "A40": (46068, 8, _DRIVER),
    "A100-40GB": (40960, 8, _DRIVER),
    "A100-80GB": (81920, 8, _DRIVER),
    "L4": (23034, 8, _DRIVER),
    "L40": (46068, 8, _DRIVER),
    "L40S": (46068, 8, _DRIVER),
    "H100-80GB": (81559, 9, _DRIVER),
    "H100-NVL": (95830, 9, _DRIVER),
    "GH200": (97871, 9, _DRIVER),
    "H200": (143771, 9, _DRIVER),
    "B200": (183359, 10, _DRIVER),
    "RTX-2060": (6144, 7, _SHEET),
    "RTX-2060-12GB": (12288, 7, _SHEET),
    "RTX-2060-SUPER": (8192, 7, _SHEET),
    "RTX-2070": (8192, 7, _SHEET),
    "RTX-2070-SUPER": (8192, 7, _SHEET),
    "RTX-2080": (8192, 7, _SHEET),
    "RTX-2080-SUPER": (8192, 7, _SHEET),
    "RTX-2080-Ti": (11264, 7, _SHEET),
    "TITAN-RTX": (24576, 7, _SHEET),
    "TITAN-V": (12288, 7, _SHEET),
    "TITAN-Xp": (12288, 6, _SHEET),
    "GTX-1050-Ti": (4096, 6, _SHEET),
    "GTX-1060": (6144, 6, _SHEET),
    "GTX-1070": (8192, 6, _SHEET),
    "GTX-1080": (8192, 6, _SHEET),
    "GTX-1080-Ti": (11264, 6, _SHEET),
    "GTX-1650": (4096, 7, _SHEET),
    "GTX-1660": (6144, 7, _SHEET),
    "GTX-1660-Ti": (6144, 7, _SHEET),
    "RTX-3050": (8192, 8, _SHEET),
    "RTX-3060": (12288, 8, _SHEET),
    "RTX-3060-Ti": (8192, 8, _SHEET),
    "RTX-3070": (8192, 8, _SHEET),
    "RTX-3070-Ti": (8192, 8, _SHEET),
    "RTX-3080": (10240, 8, _SHEET),
    "RTX-3080-12GB": (12288, 8, _SHEET),
    "RTX-3080-Ti": (12288, 8, _SHEET),
    "RTX-3090": (24576, 8, _SHEET),
    "RTX-3090-Ti": (24564, 8, _DRIVER),
    "RTX-4060": (8192, 8, _SHEET),
    "RTX-4060-Ti": (8192, 8, _SHEET),
    "RTX-4060-Ti-16GB": (16384, 8, _SHEET),
    "RTX-4070": (12288, 8, _SHEET),
    "RTX-4070-SUPER": (12288, 8, _SHEET),
    "RTX-4070-Ti": (12288, 8, _SHEET),
    "RTX-4070-Ti-SUPER": (16384, 8, _SHEET),
    "RTX-4080": (16384, 8, _SHEET),
    "RTX-4080-SUPER": (16384, 8, _SHEET),
    "RTX-4090": (24564, 8, _DRIVER),
    "RTX-5060": (8192, 12, _SHEET),
    "RTX-5060-Ti": (8192, 12, _SHEET),
    "RTX-5060-Ti-16GB": (16384, 12, _SHEET),
    "RTX-5070": (12288, 12, _SHEET),
    "RTX-5070-Ti": (16384, 12, _SHEET),
    "RTX-5080": (16384, 12, _SHEET),
    "RTX-5090": (32607, 12, _DRIVER),
    "RTX-A2000": (6144, 8, _SHEET),
    "RTX-A4000": (16384, 8, _SHEET),
    "RTX-A5000": (24576, 8, _SHEET),
    "RTX-A6000": (49140, 8, _DRIVER),
    "RTX-4000-Ada": (20480, 8, _SHEET),
    "RTX-5000-Ada": (32768, 8, _SHEET),
    "RTX-6000-Ada": (49152, 8, _SHEET),
    "Quadro-RTX-5000": (16384, 7, _SHEET),
    "Quadro-RTX-6000": (24576, 7, _SHEET),
    "Quadro-RTX-8000": (49152, 7, _SHEET),
}
# Memory of one core (v2, v3) or one chip (later): what one replica has.
_TPUS = {
    "TPU-v2": 8 * GIB,
    "TPU-v3": 16 * GIB,
    "TPU-v4": 32 * GIB,
    "TPU-v5e": 16 * GIB,
    "TPU-v5p": 95 * GIB,
    "TPU-v6e": 32 * GIB,
}
# Of the instances that AWS has in eight sizes.
_SIZES = ("xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge")
# Other names of the same devices: services by the card that they give, cloud instances by the card of one replica.
_ALIASES = {
    "V100": "V100-16GB",
    "A100": "A100-40GB",
    "H100": "H100-80GB",
    "H100-SXM": "H100-80GB",
    "H100-PCIe": "H100-80GB",
    "P100-16GB": "P100",
    "Tesla-T4": "T4",
    "Tesla-K80": "K80",
    "Tesla-P4": "P4",
    "Tesla-P100": "P100",
    "Tesla-P100-PCIE-16GB": "P100",
    "Tesla-V100": "V100-16GB",
    "Tesla-V100-SXM2-16GB": "V100-16GB",
    "Tesla-V100-SXM2-32GB": "V100-32GB",
    "A100-SXM4-40GB": "A100-40GB",
    "A100-SXM4-80GB": "A100-80GB",
    "A100-PCIE-40GB": "A100-40GB",
    "A6000": "RTX-A6000",
    "A5000": "RTX-A5000",
    "A4000": "RTX-A4000",
    "Colab": "T4",
    "Colab-free": "T4",
    "Colab-T4": "T4",
    "Colab-V100": "V100-16GB",
    "Colab-L4": "L4",
    "Colab-A100": "A100-40GB",
    "Colab-TPU": "TPU-v2",
    "Kaggle": "P100",
    "Kaggle-P100": "P100",
    "Kaggle-T4": "T4",
    "Kaggle-T4x2": "T4",
    "Kaggle-TPU": "TPU-v3",
    "TPU": "TPU-v3",
    # AWS
    "p2.xlarge": "K80",
    "p3.2xlarge": "V100-16GB",
    "p3.8xlarge": "V100-16GB",
    "p3.16xlarge": "V100-16GB",
    "p3dn.24xlarge": "V100-32GB",
    "p4d.24xlarge": "A100-40GB",
    "p4de.24xlarge": "A100-80GB",
    "p5.4xlarge": "H100-80GB",
    "p5.48xlarge": "H100-80GB",
    "p5e.48xlarge": "H200",
    "p5en.48xlarge": "H200",
    "p6-b200.48xlarge": "B200",
    **{f"g4dn.{size}": "T4" for size in ("xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "metal")},
    **{f"g5.{size}": "A10G" for size in _SIZES},
    **{f"g6.{size}": "L4" for size in _SIZES},
    **{f"g6e.{size}": "L40S" for size in _SIZES},
    # Google Cloud
    "a2-highgpu-1g": "A100-40GB",
    "a2-highgpu-8g": "A100-40GB",
    "a2-ultragpu-1g": "A100-80GB",
    "a3-highgpu-8g": "H100-80GB",
    "a3-ultragpu-8g": "H200",
    "g2-standard-4": "L4",
    "g2-standard-8": "L4",
    # Azure
    "Standard_NC6": "K80",
    "Standard_NC6s_v3": "V100-16GB",
    "Standard_NC4as_T4_v3": "T4",
    "Standard_NC64as_T4_v3": "T4",
    "Standard_NC24ads_A100_v4": "A100-80GB",
    "Standard_NC48ads_A100_v4": "A100-80GB",
    "Standard_NC96ads_A100_v4": "A100-80GB",
    "Standard_NC40ads_H100_v5": "H100-NVL",
    "Standard_ND40rs_v2": "V100-32GB",
    "Standard_ND96asr_v4": "A100-40GB",
    "Standard_ND96isr_H100_v5": "H100-80GB",
    "Standard_NV36ads_A10_v5": "A10",
}
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": MIB, "gib": GIB, "m": MIB, "g": GIB}
_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([kmg]i?b|b|[mg])\s*$", re.IGNORECASE)


def device(name: str) -> Device:
    """The device of a name or a plain size (`T4`, `rtx 4090`, `A100-80GB`, `g4dn.xlarge`, `16GiB`, `8GB`).

    Raises:
        DeviceError: there is none.
    """
    size = _SIZE.match(name)
    if size is not None:
        count = round(float(size[1]) * _UNITS[size[2].lower()])
        if count < 1:
            raise DeviceError(f"{name!r} is no size of memory")
        return Device(name.strip(), count)
    found = _INDEX.get(_key(name))
    if found is not None:
        return found
    import difflib

    near = difflib.get_close_matches(_key(name), _INDEX, n=1, cutoff=0.5)
    hint = f"did you mean {_INDEX[near[0]].name}?" if near else "T4, A100-40GB and RTX-4090 are known, for example."
    raise DeviceError(f"unknown device {name!r}: {hint} A plain size works too: 16GiB.")


def devices() -> list[Device]:
    """All devices, smallest first."""
    return sorted({id(found): found for found in _INDEX.values()}.values(), key=lambda each: (each.bytes, each.name))


def _key(name: str) -> str:
    """A name without what people write differently: case, spaces, dashes, the maker's name."""
    short = re.sub(r"[^a-z0-9.]", "", name.lower())
    return re.sub(r"^(nvidia|geforce)+", "", short).replace("geforce", "")


def _index() -> dict[str, Device]:
    found = {
        _key(name): Device(name, memory * MIB, _RESERVED[major], source=source)
        for name, (memory, major, source) in _CARDS.items()
    }
    found |= {
        _key(name): Device(name, size, gpu=False, source="Google Cloud's documentation") for name, size in _TPUS.items()
    }
    return found | {_key(alias): found[_key(name)] for alias, name in _ALIASES.items()}


_INDEX = _index()
