"""A training step of one model's Python twin, eager: zero_grad, forward and loss (under autocast), backward, Adam."""

import time

from harness import options, result

import torch

from twins import make_twin

settings = options()
torch.set_num_threads(settings["threads"])
torch.manual_seed(0)
model = make_twin(settings["twin"], settings["options"]).to(settings["device"])
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
criterion = torch.nn.CrossEntropyLoss()
side = settings["imageSize"]
images = torch.rand(settings["batch"], 3, side, side).to(settings["device"])
truth = torch.randint(3, (settings["batch"], side, side)).to(settings["device"])
bfloat16 = settings["dtype"] == "bfloat16"
model.train()

seconds, losses = [], []
for _ in range(settings["steps"]):
    began = time.perf_counter()
    optimizer.zero_grad()
    with torch.autocast(settings["device"].split(":")[0], dtype=torch.bfloat16, enabled=bfloat16):
        loss = criterion(model(images), truth)
    loss.backward()
    optimizer.step()
    losses.append(loss.item().hex())
    seconds.append(time.perf_counter() - began)
parameters = sum(parameter.numel() for parameter in model.parameters())
result(seconds=seconds, losses=losses, peakGpuBytes=torch.cuda.max_memory_allocated(), parameters=parameters)
