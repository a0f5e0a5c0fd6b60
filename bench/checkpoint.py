"""A checkpoint of the ViT in training, model and Adam's state: written and read several times."""

import os
import tempfile
import time

from harness import options, result

import torch

from article_vit import article_vit

settings = options()
model = article_vit(settings)
optimizer = torch.optim.Adam(model.parameters(), lr=4e-4)
for parameter in model.parameters():
    parameter.grad = torch.ones_like(parameter)
optimizer.step()
optimizer.zero_grad()

saved = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
times = {"save": [], "unsynced": [], "load": [], "map": []}


def save(path):
    """Ours is on the disk when `save` returns; Python leaves that to the system unless it is asked."""
    began = time.perf_counter()
    torch.save(saved, path)
    times["unsynced"].append(time.perf_counter() - began)
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
    times["save"].append(time.perf_counter() - began)


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "checkpoint.pt")
    for _ in range(settings["passes"]):
        save(path)
        began = time.perf_counter()
        loaded = torch.load(path, weights_only=True)
        times["load"].append(time.perf_counter() - began)
        tensors = [*loaded["model"].values(), *(state["exp_avg"] for state in loaded["optimizer"]["state"].values())]
        total = " ".join(tensor.double().sum().item().hex() for tensor in tensors)
        del loaded, tensors
        began = time.perf_counter()
        mapped = torch.load(path, weights_only=True, mmap=True)
        times["map"].append(time.perf_counter() - began)
        del mapped
result(**times, sum=total)
