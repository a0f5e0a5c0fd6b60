"""The same loops; reference counting frees each tensor at once."""

import asyncio
import time

from harness import options, result

import torch

settings = options()
torch.set_num_threads(settings["threads"])
torch.manual_seed(0)
x = torch.randn(512, 512)


def plain(iterations):
    for _ in range(iterations):
        total = x.relu().add(x).sum()
    return total


def awaiting(iterations):
    async def loop():
        for _ in range(iterations):
            total = x.relu().add(x).sum()
            await asyncio.sleep(0)
        return total

    return asyncio.run(loop())


def views(iterations):
    for i in range(iterations):
        total = x.relu()[i % 512].unsqueeze(0).expand(512, 512).transpose(0, 1).sum()
    return total


# Python has no scopes: its plain loop stands beside ours.
loops = {"plain": plain, "awaiting": awaiting, "scope": plain, "views": views}
began = time.perf_counter()
total = loops[settings["loop"]](settings["iterations"])
result(seconds=[time.perf_counter() - began], total=total.item().hex())
