"""Writes an image file of every kind that the decoder meets, and damaged ones, for comparison with Pillow."""

import random
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

HEIGHT, WIDTH = 37, 53


def write_all(folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    base = np.stack([x * 5 % 256, y * 7 % 256, x * y % 256], -1)
    base = (base * 0.7 + rng.integers(0, 70, (HEIGHT, WIDTH, 3))).astype(np.uint8)
    rgb = Image.fromarray(base)
    alpha = Image.fromarray(rng.integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8))
    _jpeg(folder, rgb, rng)
    _png(folder, rgb, alpha, rng)
    _gif(folder, rgb)
    _webp(folder, rgb, alpha)
    _damaged(folder)


def _jpeg(folder, rgb, rng):
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        rgb.save(folder / f"{name}.jpg", quality=80, subsampling=subsampling)
    rgb.save(folder / "progressive.jpg", progressive=True)
    rgb.convert("L").save(folder / "grey.jpg")
    cmyk = Image.merge("CMYK", [Image.fromarray(rng.integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)) for _ in range(4)])
    cmyk.save(folder / "cmyk.jpg", quality=95)
    rotated = Image.Exif()
    rotated[0x112] = 6
    rgb.save(folder / "rotated.jpg", exif=rotated.tobytes())
    for name in ("sRGB", "LAB"):
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()
        rgb.save(folder / f"profile-{name}.jpg", icc_profile=profile)


def _png(folder, rgb, alpha, rng):
    grey = rgb.convert("L")
    palette = rgb.quantize(64)
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    grey_alpha = grey.convert("LA")
    grey_alpha.putalpha(alpha)
    rgb.save(folder / "rgb.png")
    rgba.save(folder / "rgba.png")
    rgba.save(folder / "really-a-png.jpg", format="PNG")
    grey.save(folder / "grey.png")
    grey_alpha.save(folder / "grey-alpha.png")
    palette.save(folder / "palette.png")
    palette.save(folder / "palette-transparent.png", transparency=5)
    palette.save(folder / "palette-alpha.png", transparency=bytes(range(64)))
    rgb.save(folder / "rgb-transparent.png", transparency=rgb.getpixel((3, 4)))
    grey.save(folder / "grey-transparent.png", transparency=grey.getpixel((3, 4)))
    for bits in (1, 2, 4):
        rgb.quantize(1 << bits).save(folder / f"palette-{bits}.png", bits=bits)
    for interlaced in (False, True):
        for colour_type, samples, depths in ((0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (3, 1, (1, 2, 4, 8)), (4, 2, (8, 16)), (6, 4, (8, 16))):
            for depth in depths:
                for width, height in ((WIDTH, HEIGHT), (1, 1), (3, 2), (5, 9)):
                    name = f"raw-{colour_type}-{depth}-{width}x{height}{'-interlaced' if interlaced else ''}.png"
                    data = _raw_png(rng, colour_type, samples, depth, width, height, interlaced)
                    (folder / name).write_bytes(data)


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _raw_png(rng, colour_type, samples, depth, width, height, interlaced):
    """Random samples, with a random filter on every row: any bytes are a valid row."""
    adam7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = bytearray()
    for x, y, dx, dy in adam7 if interlaced else ((0, 0, 1, 1),):
        columns = -(-(width - x) // dx)
        if columns <= 0:
            continue
        for _ in range(-(-(height - y) // dy)):
            rows.append(int(rng.integers(0, 5)))
            rows += rng.integers(0, 256, (columns * samples * depth + 7) // 8).astype(np.uint8).tobytes()
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    colours = _chunk(b"PLTE", rng.integers(0, 256, 3 << depth).astype(np.uint8).tobytes()) if colour_type == 3 else b""
    compressed = zlib.compress(bytes(rows))
    middle = len(compressed) // 2
    data = _chunk(b"IDAT", compressed[:middle]) + _chunk(b"IDAT", compressed[middle:])
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + colours + data + _chunk(b"IEND", b"")


def _gif(folder, rgb):
    palette = rgb.quantize(64)
    palette.save(folder / "plain.gif")
    palette.save(folder / "interlaced.gif", interlace=1)
    palette.save(folder / "transparent.gif", transparency=5)
    rgb.convert("L").save(folder / "grey.gif")
    palette.save(folder / "animated.gif", save_all=True, append_images=[rgb.rotate(90).resize(rgb.size).quantize(64)])
    draw = random.Random(1)
    full = (0, 0, 40, 30)
    (folder / "inset.gif").write_bytes(_raw_gif(draw, (40, 30), (5, 7, 20, 11), 4, 4, None, None, False))
    (folder / "inset-transparent.gif").write_bytes(_raw_gif(draw, (40, 30), (5, 7, 20, 11), 4, 4, None, 3, True))
    (folder / "local-palette.gif").write_bytes(_raw_gif(draw, (40, 30), full, 8, 2, 8, 200, False))
    (folder / "short-palette.gif").write_bytes(_raw_gif(draw, (40, 30), full, 6, 3, None, None, False))
    (folder / "no-palette.gif").write_bytes(_raw_gif(draw, (40, 30), full, 6, None, None, None, False))
    (folder / "beyond-the-screen.gif").write_bytes(_raw_gif(draw, (20, 20), (5, 5, 40, 30), 3, 3, None, None, False))
    (folder / "one-bit.gif").write_bytes(_raw_gif(draw, (20, 20), (0, 0, 20, 20), 1, 1, None, None, False))
    (folder / "many-codes.gif").write_bytes(_raw_gif(draw, (200, 190), (0, 0, 200, 190), 8, 8, None, None, True))


def _raw_gif(draw, screen, frame, bits, screen_palette, frame_palette, transparent, interlaced):
    def colours(size):
        return bytes(draw.randrange(256) for _ in range(3 << size))

    out = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80 | (screen_palette - 1) if screen_palette else 0, 0, 0)
    out += colours(screen_palette) if screen_palette else b""
    if transparent is not None:
        out += b"!\xf9\x04" + struct.pack("<BHBB", 1, 0, transparent, 0)
    out += b"!\xfe\x05hello\0"
    flags = (0x80 | (frame_palette - 1) if frame_palette else 0) | (0x40 if interlaced else 0)
    out += b"," + struct.pack("<HHHHB", *frame, flags) + (colours(frame_palette) if frame_palette else b"")
    indices = [draw.randrange(1 << bits) if draw.random() < 0.5 else 0 for _ in range(frame[2] * frame[3])]
    size = max(bits, 2)
    compressed = _lzw(indices, size)
    blocks = b"".join(bytes([len(part)]) + part for part in (compressed[i : i + 255] for i in range(0, len(compressed), 255)))
    return out + bytes([size]) + blocks + b"\0;"


def _lzw(indices, minimum):
    clear, end = 1 << minimum, (1 << minimum) + 1
    table, size, following = {(i,): i for i in range(clear)}, minimum + 1, end + 1
    bits, held = 0, 0

    def put(code):
        nonlocal bits, held
        bits |= code << held
        held += size

    put(clear)
    word = ()
    for index in indices:
        if word + (index,) in table:
            word += (index,)
            continue
        put(table[word])
        if following < 4096:
            table[word + (index,)] = following
            following += 1
            if following - 1 == 1 << size and size < 12:
                size += 1
        word = (index,)
    put(table[word])
    put(end)
    return bits.to_bytes((held + 7) // 8, "little")


def _webp(folder, rgb, alpha):
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    rgb.save(folder / "lossy.webp", quality=80)
    rgb.save(folder / "lossless.webp", lossless=True)
    rgba.save(folder / "alpha.webp", lossless=True, exact=True)


def _damaged(folder):
    jpeg = (folder / "444.jpg").read_bytes()
    end = jpeg.rindex(b"\xff\xd9")
    (folder / "stray-bytes.jpg").write_bytes(jpeg[:end] + b"\x12" * 240 + jpeg[end:])
    (folder / "bytes-after-the-end.jpg").write_bytes(jpeg + b"garbage" * 30)
    (folder / "cut.jpg").write_bytes(jpeg[: len(jpeg) * 2 // 3])
    (folder / "cut-before-end-marker.jpg").write_bytes(jpeg[:-2])
    png = (folder / "rgb.png").read_bytes()
    (folder / "cut.png").write_bytes(png[: len(png) // 2])
    (folder / "flipped-bits.png").write_bytes(png[:200] + bytes([png[200] ^ 255]) + png[201:])
    (folder / "no-end-chunk.png").write_bytes(png[:-12])
    grey = (folder / "grey.png").read_bytes()
    (folder / "cut-grey.png").write_bytes(grey[: len(grey) // 2])
    gif = (folder / "many-codes.gif").read_bytes()
    (folder / "cut.gif").write_bytes(gif[: len(gif) // 2])
    (folder / "no-trailer.gif").write_bytes(gif[:-1])
