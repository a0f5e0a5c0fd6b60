"""The canonical program: the article's ViT trained on Oxford-IIIT Pet with nothing but PyTorch, torchvision and torchmetrics.

`node train.js --recipe article-vit --json` does the same with libtorch-node. Both print one JSON object per line with the
losses and scores to the last bit and the SHA-256 of every state, so that two runs can be compared line by line
(`npm run parity`). The order in which random numbers are drawn is part of the program: seed, model, first train batch, first test
batch, then the epochs.
"""

import argparse
import hashlib
import json
import resource
import sys
import time

import torch
from torch import nn

from data import pets  # first: it makes torchvision importable, and torchmetrics looks for torchvision
from vit import VisionTransformerForSegmentation

import torchmetrics

CLASSES = 3
BACKGROUND = 1


# ---- the scores --------------------------------------------------------------------------------------------------------


def soft_iou(probabilities, truth, smooth=0.001):
    """The article's own IoU: probabilities [N, C, H, W] against classes [N, 1, H, W], mean over the images."""
    one_hot = torch.cat([truth == label for label in range(CLASSES)], dim=1)
    intersection = one_hot * probabilities
    union = one_hot + probabilities - intersection
    return ((intersection.sum(dim=(1, 2, 3)) + smooth) / (union.sum(dim=(1, 2, 3)) + smooth)).mean()


def scores(model, images, truth, dtype):
    model.eval()
    with torch.inference_mode():
        with precision(dtype):
            logits = model(images)
        probabilities = logits.float().softmax(dim=1)
        predicted = probabilities.argmax(dim=1, keepdim=True)
        accuracy = torchmetrics.classification.MulticlassAccuracy(CLASSES, average="micro")
        jaccard = torchmetrics.classification.MulticlassJaccardIndex(CLASSES, average="micro", ignore_index=BACKGROUND)
        return {
            "pixelAccuracy": accuracy(predicted, truth).item(),
            "iou": jaccard(predicted, truth).item(),
            "customIou": soft_iou(probabilities, truth).item(),
        }


def precision(dtype):
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bfloat16")


def mean(values):
    """From left to right in float64: the built-in `sum` rounds otherwise from Python 3.12 on."""
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


# ---- what is reported --------------------------------------------------------------------------------------------------


def raw_bytes(tensor):
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().data


def sha256(tensor):
    return hashlib.sha256(raw_bytes(tensor)).hexdigest()


def state_sha256(model):
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(raw_bytes(tensor))
    return digest.hexdigest()


def hexes(values):
    return {f"{name}Hex": value.hex() for name, value in values.items()}


class Report:
    def __init__(self, out, trace):
        self.out = open(out, "w", encoding="utf-8") if out else sys.stdout
        self.trace = open(trace, "w", encoding="utf-8") if trace else None

    def event(self, event, **fields):
        print(json.dumps({"event": event, **fields}), file=self.out, flush=True)

    def tensor(self, step, name, tensor):
        if self.trace is not None:
            print(json.dumps({"step": step, "tensor": name, "sha256": sha256(tensor)}), file=self.trace, flush=True)

    def step(self, step, model, optimizer, images, truth, logits, loss):
        """Every tensor of a training step, in the order in which they come to be: the first difference is the cause."""
        if self.trace is None:
            return
        self.tensor(step, "images", images)
        self.tensor(step, "truth", truth)
        self.tensor(step, "logits", logits)
        self.tensor(step, "loss", loss)
        # Gradients come to be from the last layer to the first.
        for name, parameter in reversed(list(model.named_parameters())):
            self.tensor(step, f"grad {name}", parameter.grad)
        for name, parameter in model.named_parameters():
            self.tensor(step, f"exp_avg {name}", optimizer.state[parameter]["exp_avg"])
            self.tensor(step, f"exp_avg_sq {name}", optimizer.state[parameter]["exp_avg_sq"])
        for name, tensor in model.state_dict().items():
            self.tensor(step, name, tensor)
        self.tensor(step, "random state", torch.get_rng_state())


# ---- the program -------------------------------------------------------------------------------------------------------


def main():
    args = parse()
    torch.set_num_threads(args.threads)
    report = Report(args.out, args.trace)
    train_set = pets(args.data, "trainval", args.image_size, args.limit)
    test_set = pets(args.data, "test", args.image_size, args.test_limit)
    train_loader = torch.utils.data.DataLoader(train_set, batch_size=args.batch_size, shuffle=True, num_workers=args.workers)
    test_loader = torch.utils.data.DataLoader(test_set, batch_size=args.test_batch_size, shuffle=True, num_workers=args.workers)

    torch.manual_seed(args.seed)
    model = VisionTransformerForSegmentation(
        image_size=args.image_size,
        patch_size=args.patch_size,
        embed_size=args.embed_size,
        num_blocks=args.num_blocks,
        num_heads=args.num_heads,
        dropout=args.dropout,
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=12, gamma=0.8)
    criterion = nn.CrossEntropyLoss()
    report.event(
        "start",
        torch=torch.__version__,
        threads=torch.get_num_threads(),
        seed=args.seed,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        trainSamples=len(train_set),
        testSamples=len(test_set),
        initSha256=state_sha256(model),
    )
    for name, tensor in model.state_dict().items():
        report.tensor(0, name, tensor)

    # The article looks at one train batch before it trains; its draws belong to the sequence.
    train_batch = next(iter(train_loader))
    fixed_batch = next(iter(test_loader))
    for split, (images, truth) in (("train", train_batch), ("test", fixed_batch)):
        report.event("batch", split=split, imagesSha256=sha256(images), targetsSha256=sha256(truth))
        report.tensor(0, f"{split} images", images)
        report.tensor(0, f"{split} truth", truth)
    untrained = scores(model, *fixed_batch, args.dtype)
    report.event("epoch", epoch=0, lr=args.lr, **untrained, **hexes(untrained), stateSha256=state_sha256(model))

    step = 0
    for epoch in range(1, args.epochs + 1):
        began = time.perf_counter()
        lr = scheduler.get_last_lr()[0]
        model.train()
        losses = []
        for images, truth in train_loader:
            step += 1
            step_began = time.perf_counter()
            optimizer.zero_grad()
            with precision(args.dtype):
                logits = model(images)
                loss = criterion(logits, truth.squeeze(1))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            seconds = time.perf_counter() - step_began
            report.event("step", epoch=epoch, step=step, loss=losses[-1], lossHex=losses[-1].hex(), seconds=seconds)
            report.step(step, model, optimizer, images, truth, logits, loss)
        fixed = scores(model, *fixed_batch, args.dtype)
        scheduler.step()
        report.event(
            "epoch",
            epoch=epoch,
            lr=lr,
            meanLoss=mean(losses),
            meanLossHex=mean(losses).hex(),
            **fixed,
            **hexes(fixed),
            stateSha256=state_sha256(model),
            seconds=time.perf_counter() - began,
            # ru_maxrss is in KiB on Linux, in bytes on macOS.
            peakRssBytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        )

    batches = [scores(model, images, truth, args.dtype) for images, truth in test_loader]
    final = {name: mean([batch[name] for batch in batches]) for name in batches[0]}
    report.event("test", protocol="article", samples=len(test_set), **final, **hexes(final))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with images/ and annotations/")
    parser.add_argument("--image-size", type=int, default=128)
    parser.add_argument("--patch-size", type=int, default=16)
    parser.add_argument("--embed-size", type=int, default=768)
    parser.add_argument("--num-blocks", type=int, default=12)
    parser.add_argument("--num-heads", type=int, default=8)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--test-batch-size", type=int, default=21)
    parser.add_argument("--lr", type=float, default=4e-4)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--limit", type=int, help="first N train samples")
    parser.add_argument("--test-limit", type=int, help="first N test samples")
    parser.add_argument("--out", help="file for the JSON lines; stdout without it")
    parser.add_argument("--trace", help="file for the SHA-256 of every tensor of every step")
    return parser.parse_args()


if __name__ == "__main__":
    main()
