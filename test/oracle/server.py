"""The oracle: a Python process that runs sources sent by the tests and returns their variables.

One JSON object per line on stdin and on stdout. Request: {"id", "source", "inputs": {name: value}, "outputs": [name]}.
Answer: {"id", "outputs": {name: value}} or {"id", "error": {"type", "message", "traceback"}}. The first line, unasked,
says which torch this is. Values: null, booleans, strings, finite numbers and lists are JSON's own; everything else is an
object with a tag `$` (see `encode`). JSON numbers keep a float64's bits both ways, as both sides write the shortest
digits that read back as the same number.
"""

import base64
import collections
import ctypes
import json
import math
import os
import struct
import sys
import traceback
from pathlib import Path

# Whatever a source prints must not land between the answers: those get a descriptor of their own, prints go to stderr.
answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
os.dup2(2, 1)

sys.path.insert(0, str(Path(__file__).resolve().parent))

import torch  # noqa: E402

from torchvision_shim import import_torchvision  # noqa: E402

SAFE_INTEGER = 2**53 - 1


def encode_tensor(tensor):
    if tensor.layout == torch.sparse_coo:
        tensor = tensor.detach()
        return {
            "$": "sparse",
            "shape": list(tensor.shape),
            "coalesced": tensor.is_coalesced(),
            "indices": encode(tensor._indices()),
            "values": encode(tensor._values()),
        }
    flat = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    data = ctypes.string_at(flat.data_ptr(), flat.nbytes) if flat.nbytes else b""
    return {
        "$": "tensor",
        "dtype": str(flat.dtype).removeprefix("torch."),
        "shape": list(flat.shape),
        "data": base64.b64encode(data).decode("ascii"),
    }


def encode(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= SAFE_INTEGER else {"$": "bigint", "value": str(value)}
    if isinstance(value, float):
        # Python writes 2.0 for a whole float; -0.0 keeps its sign in JSON on both sides.
        return value if math.isfinite(value) else {"$": "float", "value": repr(value)}
    if isinstance(value, torch.Tensor):
        return encode_tensor(value)
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, (bytes, bytearray)):
        return {"$": "bytes", "data": base64.b64encode(value).decode("ascii")}
    if isinstance(value, dict):
        return {"$": "dict", "entries": [[str(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if type(value).__module__ == "numpy":
        return encode(value.tolist())
    raise TypeError(f"the oracle cannot return a value of type {type(value).__name__}")


def decode(value):
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag = value["$"]
    if tag == "tensor":
        dtype = getattr(torch, value["dtype"])
        data = bytearray(base64.b64decode(value["data"]))
        if not data:
            return torch.empty(value["shape"], dtype=dtype)
        return torch.frombuffer(data, dtype=dtype).reshape(value["shape"])
    if tag == "sparse":
        indices, values = decode(value["indices"]), decode(value["values"])
        return torch.sparse_coo_tensor(indices, values, value["shape"], is_coalesced=value["coalesced"])
    if tag == "bigint":
        return int(value["value"])
    if tag == "float":
        return float(value["value"])
    if tag == "bytes":
        return base64.b64decode(value["data"])
    if tag == "dict":
        return {key: decode(item) for key, item in value["entries"]}
    raise ValueError(f"unknown tag {tag!r}")


def execute(request):
    scope = {
        "torch": torch,
        "math": math,
        "struct": struct,
        "collections": collections,
        "import_torchvision": import_torchvision,
    }
    scope.update((name, decode(value)) for name, value in request["inputs"].items())
    exec(compile(request["source"], "<oracle>", "exec"), scope)  # noqa: S102 -- running the tests' own sources is its task
    missing = [name for name in request["outputs"] if name not in scope]
    if missing:
        raise NameError(f"the source did not set {', '.join(missing)}")
    return {name: encode(scope[name]) for name in request["outputs"]}


def answer(message):
    answers.write(json.dumps(message, allow_nan=False) + "\n")
    answers.flush()


def reset():
    """A source must not see what an earlier one switched on."""
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.use_deterministic_algorithms(False)


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    if threads > 0:
        torch.set_num_threads(threads)
    answer({"torch": torch.__version__, "python": sys.version.split()[0], "threads": torch.get_num_threads()})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer({"id": request["id"], "outputs": execute(request)})
        except Exception as error:
            answer(
                {
                    "id": request["id"],
                    "error": {
                        "type": type(error).__name__,
                        "message": str(error),
                        "traceback": traceback.format_exc(),
                    },
                }
            )
        finally:
            reset()
            if threads > 0:
                torch.set_num_threads(threads)


main()
