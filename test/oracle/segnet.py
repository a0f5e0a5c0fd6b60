"""The article's SegNet and its form with separable convolutions, as Python writes them: what lib/models/segnet.ts must equal.

Written after the description of the models (their modules, names and order of construction), which decides the keys of the
state_dict and the order of the random draws.
"""

from torch import nn


class DepthwiseSeparableConv2d(nn.Module):
    def __init__(self, chin, chout, kernel_size):
        super().__init__()
        self.depthwise = nn.Conv2d(chin, chin, kernel_size, padding=kernel_size // 2, groups=chin, bias=False)
        self.pointwise = nn.Conv2d(chin, chout, 1, bias=False)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


def plain(chin, chout, kernel_size):
    return nn.Conv2d(chin, chout, kernel_size, padding=kernel_size // 2, bias=False)


def sequence(conv, kernel_size, *widths):
    layers = []
    for chin, chout in zip(widths, widths[1:]):
        layers += [conv(chin, chout, kernel_size), nn.BatchNorm2d(chout), nn.ReLU()]
    return nn.Sequential(*layers)


class DownBlock(nn.Module):
    def __init__(self, *args):
        super().__init__()
        self.seq = sequence(*args)
        self.pool = nn.MaxPool2d(2, return_indices=True)

    def forward(self, x):
        x = self.seq(x)
        shape = x.shape
        x, indices = self.pool(x)
        return x, indices, shape


class UpBlock(nn.Module):
    def __init__(self, *args):
        super().__init__()
        self.unpool = nn.MaxUnpool2d(2)
        self.seq = sequence(*args)

    def forward(self, x, indices, shape):
        return self.seq(self.unpool(x, indices, output_size=shape))


class SegNet(nn.Module):
    conv = staticmethod(plain)

    def __init__(self, in_channels=3, out_channels=3, width=64, kernel_size=3):
        super().__init__()
        w1, w2, w3, w4 = width, width * 2, width * 4, width * 8
        self.bn_input = nn.BatchNorm2d(in_channels)
        self.dc1 = DownBlock(self.conv, kernel_size, in_channels, w1, w1)
        self.dc2 = DownBlock(self.conv, kernel_size, w1, w2, w2)
        self.dc3 = DownBlock(self.conv, kernel_size, w2, w3, w3, w3)
        self.dc4 = DownBlock(self.conv, kernel_size, w3, w4, w4, w4)
        self.uc4 = UpBlock(self.conv, kernel_size, w4, w4, w4, w3)
        self.uc3 = UpBlock(self.conv, kernel_size, w3, w3, w3, w2)
        self.uc2 = UpBlock(self.conv, kernel_size, w2, w2, w1)
        self.uc1 = UpBlock(self.conv, kernel_size, w1, w1, out_channels)

    def forward(self, x):
        x = self.bn_input(x)
        pools = []
        for down in (self.dc1, self.dc2, self.dc3, self.dc4):
            x, *pool = down(x)
            pools.append(pool)
        for up in (self.uc4, self.uc3, self.uc2, self.uc1):
            x = up(x, *pools.pop())
        return x


class SegNetDsc(SegNet):
    conv = DepthwiseSeparableConv2d
