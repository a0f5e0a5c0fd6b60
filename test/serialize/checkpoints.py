"""Random checkpoints of every kind that weights_only loads, and a text that says all of what one holds.

`canon` is written a second time in checkpoint-values.ts, for values of JavaScript; the two texts must be equal. JavaScript has one
kind of number and no dtypes, devices, layouts or sizes of its own: those are written as the value that they become.
"""

import hashlib
import os
import random
import struct
import zipfile
from collections import Counter, OrderedDict

import torch

NEW_DTYPES = [
    torch.uint16,
    torch.uint32,
    torch.uint64,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.float8_e4m3fnuz,
    torch.float8_e5m2fnuz,
    torch.float8_e8m0fnu,
    torch.complex32,
]
DTYPES = [
    torch.float32,
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.bool,
    torch.complex64,
    torch.complex128,
    *NEW_DTYPES,
]


def random_tensor(rng, shared):
    """A tensor of any dtype and layout; one in four is another view of a storage in `shared`."""
    if shared and rng.random() < 0.25:
        base = rng.choice(shared)
    else:
        dtype = rng.choice(DTYPES)
        count = rng.choice([0, 1, 2, 7, 24, 100, 1000])
        size = torch.empty([], dtype=dtype).element_size()
        data = bytearray(rng.randbytes(count * size))
        if dtype == torch.bool:
            data = bytearray(byte & 1 for byte in data)
        base = torch.frombuffer(data, dtype=dtype) if count else torch.empty(0, dtype=dtype)
        # Of its own: frombuffer's storage is Python's.
        base = base.view(torch.uint8).clone().view(dtype) if count else base
        shared.append(base)
    count = base.numel()
    form = rng.randrange(6)
    if form == 0 or count < 4:
        return base if rng.random() < 0.7 else base.view(1, -1)
    if form == 1:
        return base[rng.randrange(count) :]
    if base.dtype in (torch.complex64, torch.complex128):
        return rng.choice([base.conj(), torch._neg_view(base), torch._neg_view(base.conj())])
    if form == 2:
        rows = rng.randint(1, count // 2)
        return base.as_strided([count // rows, rows], [1, count // rows], 0)
    if form == 3:
        return base.as_strided([rng.randint(0, 3), count // 2], [0, 2], rng.randint(0, 1))
    return base.as_strided([1, count // 3, 1, 2], [77, 3, 5, 1], 0)


def random_leaf(rng, shared, hashable=False):
    kinds = [
        lambda: None,
        lambda: rng.random() < 0.5,
        lambda: rng.choice([0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, -(2**31), 2**31, 2**53 - 1, 2**53]),
        lambda: rng.randint(-(2**200), 2**200) >> rng.randrange(200),
        lambda: rng.choice([0.0, -0.0, 1.0, 0.1, float("nan"), float("inf"), -float("inf"), 1e300, 5e-324, 2.0**60]),
        lambda: rng.choice(["", "a", "weight", "größe", "🐱", "\ud800", "a\udfffb", "0", "__proto__", "x" * 300]),
        lambda: rng.choice([torch.float32, torch.uint16, torch.float8_e5m2]),
        lambda: torch.Size([rng.randrange(5) for _ in range(rng.randrange(3))]),
    ]
    others = [
        lambda: rng.randbytes(rng.choice([1, 3, 300])),
        lambda: bytearray(rng.randbytes(5)),
        lambda: complex(rng.random(), -rng.random()),
        lambda: rng.choice([torch.device("cpu"), torch.device("cuda", 1), torch.device("cuda")]),
        lambda: rng.choice([torch.strided, torch.sparse_coo]),
    ]
    tensors = [
        lambda: random_tensor(rng, shared),
        lambda: random_tensor(rng, shared),
        lambda: random_tensor(rng, shared),
        lambda: torch.nn.Parameter(torch.randn(rng.randrange(4), 2), rng.random() < 0.5),
        lambda: torch.nn.Buffer(torch.randn(3), persistent=rng.random() < 0.5),
        lambda: torch.randn(2, rng.randrange(3), requires_grad=True),
        lambda: random_sparse(rng),
        lambda: torch.empty_strided([2, 3], [1, 2], device="meta", dtype=rng.choice(DTYPES)),
        lambda: rng.choice([torch.randn(3).untyped_storage(), torch.randn(4).double().storage()]),
    ]
    if hashable:
        return rng.choice(kinds)()
    return rng.choice(rng.choice([kinds, others, tensors, tensors]))()


def random_sparse(rng):
    dense = torch.randint(0, 2, [4, 6]) * torch.randn(4, 6)
    return rng.choice(
        [
            lambda: dense.to_sparse(),
            lambda: torch.sparse_coo_tensor([[0, 1, 0]], [1.0, 2.0, 3.0], [4]),
            lambda: dense.to_sparse(1),
            lambda: dense.to_sparse_csr(),
            lambda: dense.to_sparse_csc(),
            lambda: dense.to_sparse_bsr([2, 3]),
            lambda: dense.to_sparse_bsc([2, 3]),
        ]
    )()


def random_value(rng, shared, depth=0):
    """Nested values; the leaves of one value share some of their objects and storages."""
    if depth >= 4 or (depth > 0 and rng.random() < 0.4):
        return random_leaf(rng, shared)
    items = [random_value(rng, shared, depth + 1) for _ in range(rng.choice([0, 1, 2, 5]))]
    if items and rng.random() < 0.3:
        items.append(rng.choice(items))
    # A Map has one NaN and one zero; Python's dicts take NaNs for different keys.
    keys = [0.5 if key != key or str(key) == "-0.0" else key for key in (random_leaf(rng, shared, True) for _ in items)]
    names = [f"{rng.choice(['layers', 'bias', 'n'])}.{index}" for index in range(len(items))]
    return rng.choice(
        [
            lambda: items,
            lambda: tuple(items),
            lambda: dict(zip(names, items)),
            lambda: dict(zip(names, items)),
            lambda: OrderedDict(zip(names, items)),
            lambda: dict(enumerate(items)),
            lambda: dict(zip(keys, items)),
            lambda: {"re": 1.5, "im": len(items)},
            lambda: OrderedDict(zip(keys, items)),
            lambda: {key for key in keys if not isinstance(key, float)},
            lambda: Counter(names),
            lambda: torch.nn.BatchNorm1d(3).state_dict(),
        ]
    )()


def save_randomly(rng, value, path):
    """In any of the formats that PyTorch writes or has written; returns which, and what Python loads."""
    protocol = rng.choice([2, 2, 2, 3, 4, 5])
    form = rng.choice(["zip", "zip", "legacy", "legacy", "no byteorder", "old zip", "zip64"])
    if form == "legacy":
        torch.save(value, path, pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    else:
        torch.save(value, path, pickle_protocol=protocol, _disable_byteorder_record=form == "no byteorder")
    if form in ("old zip", "zip64"):
        rewrite(path, is_wide=form == "zip64")
    try:
        # Its unpickler knows all of protocol 2 only.
        return f"{form}, protocol {protocol}", torch.load(path, weights_only=protocol == 2)
    except AttributeError:
        # Python does not read back what it writes of the younger dtypes in the legacy format.
        torch.save(value, path)
        return "zip", torch.load(path)


def rewrite(path, is_wide):
    """As the first versions of the format: nothing but the pickle, the storages and the version, and not aligned."""
    with zipfile.ZipFile(path) as archive:
        entries = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    kept = {name: data for name, data in entries.items() if name in ("data.pkl", "version") or name.startswith("data/")}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in kept.items():
            with archive.open(zipfile.ZipInfo(f"archive/{name}"), "w", force_zip64=is_wide) as entry:
                entry.write(data)


class Canon:
    def __init__(self):
        self.storages = {}
        self.objects = {}
        self.kept = []

    def text(self, value):
        if value is None:
            return "none"
        if isinstance(value, bool):
            return f"bool {str(value).lower()}"
        if isinstance(value, (int, float)):
            return self.number(value)
        if isinstance(value, str):
            return "str " + value.encode("utf-16-le", "surrogatepass").hex()
        if isinstance(value, (torch.dtype, torch.layout)):
            return self.text(str(value).removeprefix("torch."))
        if isinstance(value, torch.device):
            return self.text(str(value))
        if isinstance(value, (bytes, bytearray)):
            return f"bytes {bytes(value).hex()}"
        if isinstance(value, complex):
            return f"complex {self.number(value.real)} {self.number(value.imag)}"
        if isinstance(value, tuple):
            return f"tuple ({', '.join(self.text(item) for item in value)})"
        self.kept.append(value)
        if id(value) in self.objects:
            return f"again {self.objects[id(value)]}"
        self.objects[id(value)] = len(self.objects)
        return self.container(value)

    def container(self, value):
        if isinstance(value, (torch.UntypedStorage, torch.TypedStorage)):
            dtype = torch.uint8 if isinstance(value, torch.UntypedStorage) else value.dtype
            untyped = value if isinstance(value, torch.UntypedStorage) else value.untyped()
            return self.tensor(torch.empty(0, dtype=dtype).set_(untyped))
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, list):
            return f"list ({', '.join(self.text(item) for item in value)})"
        if isinstance(value, set):
            return f"set ({', '.join(sorted(Canon().text(item) for item in value))})"
        # Keys that are numbers come first and in order in JavaScript, and a Map is written as an OrderedDict.
        pairs = sorted(((Canon().text(key), item) for key, item in value.items()), key=lambda pair: pair[0])
        return f"dict ({', '.join(f'{key}: {self.text(item)}' for key, item in pairs)})"

    def number(self, value):
        is_whole = isinstance(value, int) or (value.is_integer() and abs(value) < 2**53 and str(value) != "-0.0")
        if is_whole:
            return f"number {int(value)}"
        return "number nan" if value != value else f"float {struct.pack('>d', value).hex()}"

    def tensor(self, tensor):
        kind = "Parameter" if type(tensor) is torch.nn.Parameter else "Tensor"
        if getattr(tensor, "_is_buffer", False):
            kind = f"Buffer {str(tensor.persistent).lower()}"
        dtype = str(tensor.dtype).removeprefix("torch.")
        layout = str(tensor.layout).removeprefix("torch.")
        head = f"{kind} {dtype} [{', '.join(map(str, tensor.shape))}] {str(tensor.requires_grad).lower()} {layout}"
        if tensor.layout == torch.sparse_coo:
            parts = [tensor._indices(), tensor._values()]
            return f"{head} {str(tensor.is_coalesced()).lower()} ({', '.join(self.tensor(part) for part in parts)})"
        if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
            parts = [tensor.crow_indices(), tensor.col_indices(), tensor.values()]
            return f"{head} ({', '.join(self.tensor(part) for part in parts)})"
        if tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
            parts = [tensor.ccol_indices(), tensor.row_indices(), tensor.values()]
            return f"{head} ({', '.join(self.tensor(part) for part in parts)})"
        strides = f"[{', '.join(map(str, tensor.stride()))}]"
        if tensor.device.type == "meta":
            return f"{head} {strides} meta"
        bits = f"{tensor.storage_offset()} {str(tensor.is_conj()).lower()} {str(tensor.is_neg()).lower()}"
        return f"{head} {strides} {bits} {self.storage(tensor.untyped_storage())}"

    def storage(self, storage):
        self.kept.append(storage)
        if storage.nbytes() == 0:
            return "storage of 0"
        number = self.storages.setdefault(storage._cdata, len(self.storages))
        data = torch.empty(0, dtype=torch.uint8).set_(storage).numpy().tobytes()
        return f"storage {number} of {len(data)}: {hashlib.sha256(data).hexdigest()}"


def canon(value):
    return Canon().text(value)
