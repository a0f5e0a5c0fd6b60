"""Images per second of the article's DataLoader with so many workers, which stay."""

import multiprocessing
import re
import time

from harness import options, result

import torch

from data import pets

settings = options()
torch.set_num_threads(settings["threads"])
workers = settings["workers"]
dataset = pets(settings["data"], "trainval", settings["imageSize"], settings["limit"])


def memory_bytes():
    """Of this process and its workers; what they share is counted once."""
    pids = ["self"] + [str(child.pid) for child in multiprocessing.active_children()]
    texts = [open(f"/proc/{pid}/smaps_rollup").read() for pid in pids]
    return sum(int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) * 1024 for text in texts)


torch.manual_seed(0)
loader = torch.utils.data.DataLoader(
    dataset, batch_size=64, shuffle=True, num_workers=workers, persistent_workers=workers > 0
)
seconds, first_batch, memory = [], 0, 0
for epoch in range(settings["passes"] + 1):
    began = time.perf_counter()
    for images, truth in loader:
        first_batch = first_batch or time.perf_counter() - began
    # The first pass starts the workers and brings the files into the page cache.
    if epoch > 0:
        seconds.append(time.perf_counter() - began)
    memory = max(memory, memory_bytes())

checksum = (images.double().sum().item() + truth.sum().item()).hex()
result(seconds=seconds, firstBatch=first_batch, memory=memory, images=len(dataset), checksum=checksum)
