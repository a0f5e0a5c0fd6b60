"""U-Net as most PyTorch users know it, as Python writes it: what lib/models/unet.ts must equal.

The two options that are not in the paper: `stem_stride` 2 computes at half the size and enlarges the scores; `upsample`
"bilinear" enlarges without parameters, with half the channels below.
"""

import torch
from torch import nn
from torch.nn import functional as F


class DoubleConv(nn.Module):
    def __init__(self, chin, chout, middle=None, stride=1):
        super().__init__()
        middle = middle or chout
        self.double_conv = nn.Sequential(
            nn.Conv2d(chin, middle, kernel_size=3, stride=stride, padding=1, bias=False),
            nn.BatchNorm2d(middle),
            nn.ReLU(inplace=True),
            nn.Conv2d(middle, chout, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(chout),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, chin, chout):
        super().__init__()
        self.maxpool_conv = nn.Sequential(nn.MaxPool2d(2), DoubleConv(chin, chout))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, chin, chout, bilinear):
        super().__init__()
        if bilinear:
            self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            self.conv = DoubleConv(chin, chout, chin // 2)
        else:
            self.up = nn.ConvTranspose2d(chin, chin // 2, kernel_size=2, stride=2)
            self.conv = DoubleConv(chin, chout)

    def forward(self, below, skipped):
        below = self.up(below)
        rows = skipped.size(2) - below.size(2)
        columns = skipped.size(3) - below.size(3)
        below = F.pad(below, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2])
        return self.conv(torch.cat([skipped, below], dim=1))


class OutConv(nn.Module):
    def __init__(self, chin, chout):
        super().__init__()
        self.conv = nn.Conv2d(chin, chout, kernel_size=1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self, in_channels=3, out_channels=3, width=64, depth=4, stem_stride=1, upsample="transposed"):
        super().__init__()
        bilinear = upsample == "bilinear"
        widths = [width * 2**level for level in range(depth + 1)]
        below = list(widths)
        if bilinear:
            below[1:] = [w // 2 if level == depth - 1 else w for level, w in enumerate(widths[1:])]
        self.depth = depth
        self.inc = DoubleConv(in_channels, width, stride=stem_stride)
        for level in range(depth):
            self.add_module(f"down{level + 1}", Down(widths[level], below[level + 1]))
        for step in range(depth):
            chin, chout = widths[depth - step], widths[depth - step - 1]
            if bilinear and step < depth - 1:
                chout //= 2
            self.add_module(f"up{step + 1}", Up(chin, chout, bilinear))
        self.outc = OutConv(width, out_channels)

    def forward(self, image):
        skipped = [self.inc(image)]
        for level in range(self.depth):
            skipped.append(getattr(self, f"down{level + 1}")(skipped[-1]))
        x = skipped.pop()
        for step in range(self.depth):
            x = getattr(self, f"up{step + 1}")(x, skipped.pop())
        x = self.outc(x)
        if x.shape[2:] != image.shape[2:]:
            x = F.interpolate(x, size=image.shape[2:], mode="bilinear", align_corners=False)
        return x
