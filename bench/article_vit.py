"""The Vision Transformer that benchmarks measure, in the size that the runner asks for."""

import torch

from vit import VisionTransformerForSegmentation


def article_vit(settings):
    """Sets threads and seed, and makes the model."""
    torch.set_num_threads(settings["threads"])
    torch.manual_seed(0)
    size = settings["model"]
    return VisionTransformerForSegmentation(
        image_size=size["imageSize"],
        patch_size=size["patchSize"],
        embed_size=size["embedSize"],
        num_blocks=size["numBlocks"],
        num_heads=size["numHeads"],
        dropout=size["dropout"],
    )
