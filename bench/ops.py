"""Small ops, where the time per call is the cost of getting to libtorch and back."""

from harness import nanoseconds_per_call, options, result

import torch

settings = options()
torch.set_num_threads(settings["threads"])
torch.manual_seed(0)
a, b = torch.randn(2, 2), torch.randn(2, 2)
x, w, bias = torch.randn(8, 16), torch.randn(32, 16), torch.randn(32)
tracked = torch.randn(2, 2, requires_grad=True)
calls = settings["calls"]


def add(n):
    for _ in range(n):
        a.add(b)


def add_scalar(n):
    for _ in range(n):
        a.add(1.5)


def relu(n):
    for _ in range(n):
        a.relu()


def total(n):
    for _ in range(n):
        a.sum(dim=[1], keepdim=True)


def linear(n):
    for _ in range(n):
        torch.nn.functional.linear(x, w, bias)


def add_tracked(n):
    for _ in range(n):
        tracked.add(b)


def in_place(n):
    for _ in range(n):
        a.mul_(1.0)


cases = {
    "a.add(b) 2x2": add,
    "a.add(b) 2x2, disposed": add,
    "a.add(1.5) 2x2": add_scalar,
    "a.relu() 2x2": relu,
    "a.sum(dim, keepdim) 2x2": total,
    "linear 8x16 -> 8x32": linear,
    "a.add(b) with gradient": add_tracked,
    "a.mul_(1)": in_place,
}
batches = settings["batches"]
nanoseconds = {name: nanoseconds_per_call(body, calls, batches) for name, body in cases.items()}
nanoseconds["a.add(b) 2x2, dropped"] = nanoseconds_per_call(add, calls * batches, 3)
result(nanoseconds=nanoseconds)
