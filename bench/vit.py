"""The article's training step, eager, with the optimizer's defaults: zero_grad, forward, loss, backward, Adam."""

import time

from harness import options, result

import torch

from article_vit import article_vit

settings = options()
model = article_vit(settings)
optimizer = torch.optim.Adam(model.parameters(), lr=4e-4)
criterion = torch.nn.CrossEntropyLoss()
side = settings["model"]["imageSize"]
images = torch.rand(settings["batch"], 3, side, side)
truth = torch.randint(3, (settings["batch"], side, side))
model.train()

seconds, losses = [], []
for _ in range(settings["steps"]):
    began = time.perf_counter()
    optimizer.zero_grad()
    loss = criterion(model(images), truth)
    loss.backward()
    optimizer.step()
    losses.append(loss.item().hex())
    seconds.append(time.perf_counter() - began)
result(seconds=seconds, losses=losses, parameters=sum(parameter.numel() for parameter in model.parameters()))
