"""The article's Vision Transformer for segmentation, as Python writes it: what lib/models/vit-segmentation.ts must equal.

Written after the description of the model (its modules, names and order of construction), which decides the keys of the
state_dict and the order of the random draws.
"""

from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class VisionTransformerArgs:
    """The article's configuration: 86,284,806 parameters."""

    image_size: int = 128
    patch_size: int = 16
    in_channels: int = 3
    out_channels: int = 3
    embed_size: int = 768
    num_blocks: int = 12
    num_heads: int = 8
    dropout: float = 0.2
    head: str = "linear"
    hybrid_stride: int = 1


class ImageToPatches(nn.Module):
    """[N, C, H, W] -> [N, patches, C * patch * patch]"""

    def __init__(self, patch_size):
        super().__init__()
        self.unfold = nn.Unfold(kernel_size=patch_size, stride=patch_size)

    def forward(self, x):
        return self.unfold(x).permute(0, 2, 1)


class PatchEmbedding(nn.Module):
    """[N, patches, C * patch * patch] -> [N, patches, E]"""

    def __init__(self, in_size, embed_size):
        super().__init__()
        self.embed_layer = nn.Linear(in_size, embed_size)

    def forward(self, x):
        return self.embed_layer(x)


def conv_stem(in_channels, embed_size, stride):
    """[N, C, H, W] -> [N, E * stride / 16, H / stride, W / stride], by convolutions of stride 2"""
    steps = stride.bit_length() - 1
    widths = [in_channels] + [embed_size * 2**step // 16 for step in range(1, steps + 1)]
    layers = []
    for before, after in zip(widths, widths[1:]):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)


class VisionTransformerInput(nn.Module):
    """[N, C, H, W] -> [N, patches, E]"""

    def __init__(self, image_size, patch_size, in_channels, embed_size, hybrid_stride=1):
        super().__init__()
        channels, side = in_channels, patch_size // hybrid_stride
        self.stem = None
        if hybrid_stride > 1:
            self.stem = conv_stem(in_channels, embed_size, hybrid_stride)
            channels = self.stem[-3].out_channels
        self.i2p = ImageToPatches(side)
        self.pe = PatchEmbedding(side * side * channels, embed_size)
        num_patches = (image_size // patch_size) ** 2
        self.position_embed = nn.Parameter(torch.randn(num_patches, embed_size))

    def forward(self, x):
        if self.stem is not None:
            x = self.stem(x)
        return self.pe(self.i2p(x)) + self.position_embed


class MultiLayerPerceptron(nn.Module):
    """[N, T, E] -> [N, T, E]"""

    def __init__(self, embed_size, dropout):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(embed_size, embed_size * 4),
            nn.GELU(),
            nn.Linear(embed_size * 4, embed_size),
            nn.Dropout(p=dropout),
        )

    def forward(self, x):
        return self.layers(x)


class SelfAttentionEncoderBlock(nn.Module):
    """[N, T, E] -> [N, T, E]"""

    def __init__(self, embed_size, num_heads, dropout):
        super().__init__()
        self.ln1 = nn.LayerNorm(embed_size)
        self.mha = nn.MultiheadAttention(embed_size, num_heads, dropout=dropout, batch_first=True)
        self.ln2 = nn.LayerNorm(embed_size)
        self.mlp = MultiLayerPerceptron(embed_size, dropout)

    def forward(self, x):
        y = self.ln1(x)
        x = x + self.mha(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln2(x))


class OutputProjection(nn.Module):
    """[N, patches, E] -> [N, classes, H, W]"""

    def __init__(self, image_size, patch_size, embed_size, out_channels, head="linear"):
        super().__init__()
        out_size = patch_size * patch_size * out_channels
        if head == "mlp":
            hidden = 4 * embed_size
            self.projection = nn.Sequential(nn.Linear(embed_size, hidden), nn.GELU(), nn.Linear(hidden, out_size))
        else:
            self.projection = nn.Linear(embed_size, out_size)
        self.fold = nn.Fold(output_size=(image_size, image_size), kernel_size=patch_size, stride=patch_size)

    def forward(self, x):
        return self.fold(self.projection(x).permute(0, 2, 1))


class VisionTransformerForSegmentation(nn.Module):
    """[N, in_channels, H, W] -> [N, out_channels, H, W]"""

    def __init__(self, args=None, **kwargs):
        super().__init__()
        args = args or VisionTransformerArgs(**kwargs)
        # The blocks draw before the other layers.
        blocks = [
            SelfAttentionEncoderBlock(args.embed_size, args.num_heads, args.dropout) for _ in range(args.num_blocks)
        ]
        self.layers = nn.Sequential(
            nn.BatchNorm2d(args.in_channels),
            VisionTransformerInput(
                args.image_size, args.patch_size, args.in_channels, args.embed_size, args.hybrid_stride
            ),
            nn.Sequential(*blocks),
            OutputProjection(args.image_size, args.patch_size, args.embed_size, args.out_channels, args.head),
        )

    def forward(self, x):
        return self.layers(x)
