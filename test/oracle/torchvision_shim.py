"""Imports torchvision beside a torch it was not built for.

torchvision's Python layer registers fake kernels for its own compiled ops, and fails where the compiled part cannot be
loaded (the package index' torchvision beside PyTorch's CPU build of torch). The transforms need none of those ops, so
declaring the two that are asked for is enough.
"""

import importlib
import sys

_library = None


def import_torchvision():
    global _library
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::" not in str(error) or _library is not None:
            raise
    # The failed import leaves half-made modules behind, which a second import would take for finished.
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]

    import torch

    _library = torch.library.Library("torchvision", "DEF")
    _library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return importlib.import_module("torchvision")
