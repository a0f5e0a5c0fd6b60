# Runs the cases that property.test.ts made. In: `text`, the cases as JSON, and `storages`, flat tensors that the cases'
# tensors are windows of. Out: `answers`, one list a case: its outcome ('value', 'error'), then results and gradients.
import json
import warnings

warnings.simplefilter("ignore")
FUNCTIONS = [
    torch._C._VariableFunctions,
    torch._C._nn,
    torch._C._linalg,
    torch._C._special,
    torch._C._fft,
]
# Aligned as torch's own memory is: kernels may take another path otherwise.
storages = [storage.clone() for storage in storages]


def build(value, leaves):
    if isinstance(value, list):
        return [build(item, leaves) for item in value]
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        view = storages[value["tensor"]].clone().as_strided(value["size"], value["stride"], value["offset"])
        if not value["grad"]:
            return view
        leaf = view.detach().requires_grad_()
        leaves.append(leaf)
        return leaf
    if "complex" in value:
        return complex(*value["complex"])
    if "dtype" in value:
        return getattr(torch, value["dtype"])
    if "device" in value:
        return torch.device(value["device"])
    if "layout" in value:
        return getattr(torch, value["layout"])
    if "format" in value:
        return getattr(torch, value["format"])
    return torch.Generator().manual_seed(value["generator"])


def door(case):
    name = case["op"]
    if case["door"] == "method":
        return getattr(torch._C.TensorBase, name)
    if case["door"] == "function":
        return next(getattr(module, name) for module in FUNCTIONS if hasattr(module, name))
    return getattr(getattr(torch.ops.aten, name), case["overload"] or "default")


def tensors_of(value):
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in tensors_of(item)]
    return []


def plain(value):
    if isinstance(value, torch.Tensor):
        value = value.detach()
        if value._is_zerotensor():  # it has no memory to read
            value = value.clone()
        if value.is_quantized:
            value = value.dequantize()
        if value.layout != torch.strided:
            return [value.to_dense(), []]
        return [value, list(value.stride())]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, complex):
        return {"re": value.real, "im": value.imag}
    return value


def cotangent(tensor):
    ramp = torch.arange(tensor.numel()).remainder(5).sub(1.5)
    return ramp.to(tensor.dtype).reshape(tensor.shape)


def gradients(result, leaves):
    outputs = [tensor for tensor in tensors_of(result) if tensor.requires_grad and tensor.layout == torch.strided]
    if not leaves or not outputs:
        return None
    try:
        found = torch.autograd.grad(outputs, leaves, [cotangent(tensor) for tensor in outputs], allow_unused=True)
        return [plain(gradient) for gradient in found]
    except Exception as error:
        return "error: " + str(error)


# Python's functions call a tensor `input` where the schema says `self`.
def python_name(name, value, case):
    return "input" if name == "self" and case["door"] == "function" and isinstance(value, dict) else name


def run(case):
    leaves = []
    try:
        positional = [build(value, leaves) for value in case["positional"]]
        named = {python_name(name, value, case): build(value, leaves) for name, value in case["named"].items()}
        torch.manual_seed(case["seed"])
        result = door(case)(*positional, **named)
        return ["value", plain(result), gradients(result, leaves)]
    except Exception as error:
        return ["error", type(error).__name__ + ": " + str(error)]


answers = [run(case) for case in json.loads(text)]
