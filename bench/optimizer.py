"""Steps of one optimizer over the parameters of the article's ViT, by its defaults, with the same gradients in each."""

import time

from harness import options, result

import torch

from article_vit import article_vit

settings = options()
model = article_vit(settings).to(settings["device"])
parameters = [parameter for parameter in model.parameters() if not settings["matrices"] or parameter.ndim == 2]
optimizer = getattr(torch.optim, settings["optimizer"])(parameters)
for parameter in parameters:
    parameter.grad = parameter.detach() * 0.1

seconds = []
for _ in range(settings["steps"]):
    began = time.perf_counter()
    optimizer.step()
    if settings["device"] != "cpu":
        torch.cuda.synchronize()
    seconds.append(time.perf_counter() - began)
total = " ".join(parameter.detach().double().sum().item().hex() for parameter in parameters)
result(seconds=seconds, peakGpuBytes=torch.cuda.max_memory_allocated(), sum=total)
