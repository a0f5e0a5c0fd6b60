"""Trains small models, or steps optimizers over random gradients, on one device: the twin of steps.mjs."""

import hashlib
import json
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "oracle"))
from twins import make_twin, snake_names  # noqa: E402

given = json.load(sys.stdin)
device = given["device"]
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True, warn_only=True)
torch.backends.cudnn.deterministic = True


def digest(tensors):
    raw = [tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data for tensor in tensors]
    return hashlib.sha256(" ".join(sorted(hashlib.sha256(each).hexdigest() for each in raw)).encode()).hexdigest()


def train(model, twin, options, imageSize, optimizer, optimizerOptions, dtype, steps, batch, average):
    torch.manual_seed(7)
    model = make_twin(twin, options)
    size = imageSize
    batches = [(torch.randn(batch, 3, size, size), torch.randint(3, (batch, size, size))) for _ in range(2)]
    model.to(device).train()
    batches = [(images.to(device), truth.to(device)) for images, truth in batches]
    optimizer = getattr(torch.optim, optimizer)(model.parameters(), **snake_names(optimizerOptions))
    averaged = None
    if average:
        ema = torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
        averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=ema, use_buffers=True)
    scaler = torch.amp.GradScaler(device, init_scale=1024.0, growth_interval=3, enabled=dtype == "float16")
    criterion = torch.nn.CrossEntropyLoss()
    autocast = {"enabled": False} if dtype == "float32" else {"dtype": getattr(torch, dtype)}
    losses = []
    for step in range(steps):
        images, truth = batches[step % len(batches)]
        optimizer.zero_grad()
        with torch.autocast(device, **autocast):
            loss = criterion(model(images).permute(0, 2, 3, 1).reshape(-1, 3), truth.reshape(-1))
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        if averaged is not None:
            averaged.update_parameters(model)
        losses += [loss.item(), scaler.get_scale()]
    return {"losses": losses, "state": digest((averaged or model).state_dict().values())}


SHAPES = [[7], [33, 5], [1], [], [3, 2, 17], [129, 67]]
ONLY_MATRICES = ["Muon", "SparseAdam"]


def step_optimizer(optimizer, optimizerOptions, steps):
    kind = optimizer
    torch.manual_seed(11)
    shapes = [shape for shape in SHAPES if kind not in ONLY_MATRICES or len(shape) == 2]

    def drawn():
        return [torch.randn(shape) for shape in shapes]

    parameters = [tensor.to(device).requires_grad_() for tensor in drawn()]
    optimizer = getattr(torch.optim, kind)(parameters, **snake_names(optimizerOptions))
    losses = []
    for step in range(steps):
        grads = [(tensor * 10 ** (step % 7 - 4)).to(device) for tensor in drawn()]
        if kind == "LBFGS":

            def closure():
                optimizer.zero_grad()
                distances = [(parameter - goal).square().mean() for parameter, goal in zip(parameters, grads)]
                loss = torch.stack(distances).sum()
                loss.backward()
                return loss

            losses.append(optimizer.step(closure).item())
            continue
        for index, parameter in enumerate(parameters):
            turn = (step + index) % 6
            grad = torch.zeros_like(parameter) if turn == 1 else grads[index]
            parameter.grad = None if turn == 0 and step > 0 else grad.to_sparse(1) if kind == "SparseAdam" else grad
        if kind != "SparseAdam":
            losses.append(torch.nn.utils.clip_grad_norm_(parameters, 1).item())
        optimizer.step()
    return {"losses": losses, "state": digest(parameters)}


print(json.dumps([train(**each) if "model" in each else step_optimizer(**each) for each in given["cases"]]))
