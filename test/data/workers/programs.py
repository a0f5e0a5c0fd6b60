"""The twin of oracle.ts: prints the batches of each case, and the random numbers drawn around them, as JSON."""

import itertools
import json
import sys

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, get_worker_info


class Drawing(Dataset):
    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        uniform = torch.empty(3).uniform_(-1, 1)
        drawn = torch.rand(2)
        return index, drawn, torch.nn.functional.dropout(uniform, 0.5, True), torch.randperm(5), torch.get_num_threads()


class Stream(IterableDataset):
    def __init__(self, start, end):
        self.start, self.end = start, end

    def __iter__(self):
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        for number in range(self.start + first, self.end, step):
            yield number, torch.rand(1)


class Uneven(IterableDataset):
    def __iter__(self):
        info = get_worker_info()
        id = 0 if info is None else info.id
        for i in range(2 + 3 * id):
            yield 100 * id + i


def draw_in_init(id):
    torch.rand(id + 1)


def plain(value):
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype)[6:]} {list(value.shape)} {value.numpy().tobytes().hex()}"
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def run(case):
    torch.manual_seed(11)
    generator = torch.Generator().manual_seed(12) if case["shared"] else None
    length, workers = case["length"], case["workers"]
    dataset = {"stream": lambda: Stream(3, 3 + length), "uneven": Uneven}.get(case["dataset"], lambda: Drawing(length))()
    sampler = RandomSampler(dataset, True, 40, generator) if case["replacement"] else None
    loader = DataLoader(
        dataset,
        case["batchSize"],
        True if case["shuffle"] else None,
        sampler,
        num_workers=workers,
        drop_last=case["dropLast"],
        generator=generator,
        worker_init_fn=draw_in_init if case["init"] else None,
        persistent_workers=case["persistent"] and workers > 0,
        prefetch_factor=case["prefetchFactor"] if workers > 0 else None,
    )
    epochs, drawn = [], []
    for epoch in range(3):
        batches = []
        for batch in loader:
            batches.append(plain(batch))
            drawn.append(torch.rand(1).item())
            if generator:
                drawn.append(torch.rand(1, generator=generator).item())
            if epoch == 1 and len(batches) == case["breakAfter"]:
                break
        epochs.append(batches)
    state = ",".join(str(byte) for byte in torch.get_rng_state().tolist())
    return {"epochs": epochs, "drawn": drawn, "state": state}


if __name__ == "__main__":
    torch.multiprocessing.set_start_method("fork")
    torch.set_num_threads(2)
    json.dump([run(case) for case in json.loads(sys.argv[1])], sys.stdout)
