"""The article's data: torchvision's Oxford-IIIT Pet with torchvision's transforms."""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "oracle"))

import torch  # noqa: E402

from torchvision_shim import import_torchvision  # noqa: E402

import_torchvision()

from torchvision import transforms  # noqa: E402
from torchvision.datasets import OxfordIIITPet  # noqa: E402
from torchvision.transforms import InterpolationMode  # noqa: E402


class Augment:
    """(PIL image, PIL trimap) -> (float image [3, S, S] in 0..1, int64 classes [1, S, S]), at random."""

    def __init__(self, size):
        self.to_tensor = transforms.ToTensor()
        self.both = transforms.Compose(
            [
                transforms.Resize((size, size), interpolation=InterpolationMode.NEAREST),
                transforms.RandomHorizontalFlip(p=0.5),
            ]
        )
        self.colour = transforms.ColorJitter(contrast=0.3)

    def __call__(self, image, trimap):
        stacked = self.both(torch.cat([self.to_tensor(image), self.to_tensor(trimap)]))
        image, trimap = torch.split(stacked, [3, 1])
        return self.colour(image), (trimap * 255).to(torch.long) - 1


def pets(folder, split, size, limit):
    """A split of the data set in `folder` (which holds images/ and annotations/), its first `limit` samples if not None."""
    # torchvision insists on a parent folder and on this name inside it.
    with tempfile.TemporaryDirectory() as root:
        os.symlink(Path(folder).resolve(), Path(root) / "oxford-iiit-pet", target_is_directory=True)
        dataset = OxfordIIITPet(root, split=split, target_types="segmentation", transforms=Augment(size))
        dataset._images = [path.resolve() for path in dataset._images]
        dataset._segs = [path.resolve() for path in dataset._segs]
    return dataset if limit is None else torch.utils.data.Subset(dataset, range(min(limit, len(dataset))))
