"""From files to batches: Pillow decodes, torchvision transforms as the article does, the DataLoader collates."""

import time

from harness import options, result

import torch

from data import pets

settings = options()
torch.set_num_threads(settings["threads"])
dataset = pets(settings["data"], "trainval", settings["imageSize"], settings["limit"])
loader = torch.utils.data.DataLoader(dataset, batch_size=64, shuffle=True)


def measure():
    torch.manual_seed(0)
    seconds = []
    # The first pass brings the files into the page cache of both sides.
    for epoch in range(settings["passes"] + 1):
        began = time.perf_counter()
        for images, truth in loader:
            pass
        if epoch > 0:
            seconds.append(time.perf_counter() - began)
    return seconds, (images.double().sum().item() + truth.sum().item()).hex()


seconds, checksum = measure()
# torchvision's data set keeps nothing: the second measurement is the first one again.
result(seconds=seconds, keptSeconds=seconds, images=len(dataset), checksum=f"{checksum} {checksum}")
