"""A plain loop that drops every tensor it makes: reference counting frees each at once."""

import time

from harness import options, result

import torch

settings = options()
torch.set_num_threads(settings["threads"])
torch.manual_seed(0)
x = torch.randn(512, 512)
began = time.perf_counter()
for _ in range(settings["iterations"]):
    total = x.relu().add(x).sum()
result(seconds=[time.perf_counter() - began], total=total.item().hex())
