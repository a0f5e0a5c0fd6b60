"""The article's Vision Transformer for segmentation, on torch.nn alone."""

import torch
from torch import nn

CLASSES = 3


class PatchEmbedding(nn.Module):
    def __init__(self, patch_values, embed_size):
        super().__init__()
        self.embed_layer = nn.Linear(patch_values, embed_size)

    def forward(self, patches):
        return self.embed_layer(patches)


class Input(nn.Module):
    """Image to embedded patches, [N, 3, H, W] -> [N, T, E]."""

    def __init__(self, args):
        super().__init__()
        tokens = (args.image_size // args.patch_size) ** 2
        self.unfold = nn.Unfold(args.patch_size, stride=args.patch_size)
        self.pe = PatchEmbedding(3 * args.patch_size**2, args.embed_size)
        self.position_embed = nn.Parameter(torch.randn(tokens, args.embed_size))

    def forward(self, image):
        return self.pe(self.unfold(image).permute(0, 2, 1)) + self.position_embed


class Mlp(nn.Module):
    def __init__(self, size, dropout):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(size, 4 * size), nn.GELU(), nn.Linear(4 * size, size), nn.Dropout(dropout))

    def forward(self, x):
        return self.layers(x)


class Block(nn.Module):
    def __init__(self, size, heads, dropout):
        super().__init__()
        self.ln1 = nn.LayerNorm(size)
        self.mha = nn.MultiheadAttention(size, heads, dropout=dropout, batch_first=True)
        self.ln2 = nn.LayerNorm(size)
        self.mlp = Mlp(size, dropout)

    def forward(self, x):
        y = self.ln1(x)
        x = x + self.mha(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln2(x))


class Output(nn.Module):
    """Tokens to class logits per pixel, [N, T, E] -> [N, 3, H, W]."""

    def __init__(self, args):
        super().__init__()
        self.projection = nn.Linear(args.embed_size, CLASSES * args.patch_size**2)
        self.fold = nn.Fold(args.image_size, args.patch_size, stride=args.patch_size)

    def forward(self, x):
        return self.fold(self.projection(x).permute(0, 2, 1))


class VisionTransformerForSegmentation(nn.Module):
    def __init__(self, args):
        super().__init__()
        # The blocks come first: the order of construction is the order of random draws.
        blocks = [Block(args.embed_size, args.num_heads, args.dropout) for _ in range(args.num_blocks)]
        self.layers = nn.Sequential(nn.BatchNorm2d(3), Input(args), nn.Sequential(*blocks), Output(args))

    def forward(self, image):
        return self.layers(image)
