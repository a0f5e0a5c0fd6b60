"""A few training steps of a small ViT on one device: the twin of train.mjs, which prints the same JSON object."""

import argparse
import hashlib
import json
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "oracle"))
from vit import VisionTransformerForSegmentation  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("--device", required=True)
parser.add_argument("--optimizer", choices=["adam", "sgd"], required=True)
parser.add_argument("--steps", type=int, required=True)
parser.add_argument("--model", type=json.loads, required=True, help="arguments of the model, under Python's names")
parser.add_argument("--batch", type=int, required=True)
args = parser.parse_args()

device = torch.device(args.device)
torch.set_num_threads(1)
torch.manual_seed(7)
model = VisionTransformerForSegmentation(**args.model)
size = args.model["image_size"]
batches = [(torch.randn(args.batch, 3, size, size), torch.randint(3, (args.batch, size, size))) for _ in range(2)]
model.to(device)
batches = [(images.to(device), truth.to(device)) for images, truth in batches]
if args.optimizer == "adam":
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.01)
else:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=0.01, nesterov=True)

losses, seconds = [], []
for step in range(args.steps):
    images, truth = batches[step % len(batches)]
    began = time.perf_counter()
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(images), truth)
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    seconds.append(time.perf_counter() - began)

digest = hashlib.sha256()
for name, tensor in model.state_dict().items():
    digest.update(name.encode())
    digest.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
peak = torch.cuda.max_memory_allocated() if device.type == "cuda" else 0
print(json.dumps({"losses": losses, "state": digest.hexdigest(), "seconds": min(seconds), "peak": peak}))
