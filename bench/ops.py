"""Small ops, where the time per call is the cost of getting to libtorch and back."""

from harness import nanoseconds_per_call, options, result

import torch
import torch.nn.functional as F

settings = options()
torch.set_num_threads(settings["threads"])
torch.manual_seed(0)
a, b = torch.randn(2, 2), torch.randn(2, 2)
x, w, bias = torch.randn(8, 16), torch.randn(32, 16), torch.randn(32)
gamma, beta = torch.ones(16), torch.zeros(16)
tracked = torch.randn(2, 2, requires_grad=True)
calls = settings["calls"]
linear, layer_norm, gelu = F.linear, F.layer_norm, F.gelu

ops = {
    "a.add(b)": "a.add(b)",
    "a.add(1.5)": "a.add(1.5)",
    "a.mul(b)": "a.mul(b)",
    "a.div(b)": "a.div(b)",
    "a.mul_(1)": "a.mul_(1.0)",
    "a.relu()": "a.relu()",
    "a.exp()": "a.exp()",
    "a.clamp(0, 1)": "a.clamp(0, 1)",
    "a.gt(0)": "a.gt(0)",
    "a.sum()": "a.sum()",
    "a.sum(1, keepdim)": "a.sum([1], True)",
    "a.mean(1)": "a.mean([1])",
    "a.max(1)": "a.max(1)",
    "x.softmax(1)": "x.softmax(1)",
    "a.matmul(b)": "a.matmul(b)",
    "linear(x, w, bias)": "linear(x, w, bias)",
    "layerNorm(x)": "layer_norm(x, [16], gamma, beta)",
    "gelu(x)": "gelu(x)",
    "x.reshape(16, 8)": "x.reshape([16, 8])",
    "x.transpose(0, 1)": "x.transpose(0, 1)",
    "x[0]": "x[0]",
    "cat([a, b])": "torch.cat([a, b])",
    "zeros(2, 2)": "torch.zeros([2, 2])",
    "a.add(b), recorded": "tracked.add(b)",
    "a.add(b), disposed": "a.add(b)",
}


def loop(source):
    """A function that runs the expression n times, with nothing but the loop around it."""
    scope = {}
    exec(f"def run(n):\n    for _ in range(n):\n        {source}\n", globals(), scope)
    return scope["run"]


batches = settings["batches"]
nanoseconds = {name: nanoseconds_per_call(loop(source), calls, batches) for name, source in ops.items()}
nanoseconds["a.add(b), dropped"] = nanoseconds_per_call(loop("a.add(b)"), calls * batches, 3)
result(nanoseconds=nanoseconds)
