"""How a picture becomes the network's input, as its preprocessing says. Needs Pillow, which decodes, and numpy; what follows is done
here, since libraries differ in how they resize: with "antialias" these are Pillow's pixels to the bit, with "plain" OpenCV's within one
level."""

import io
import math

import numpy as np
from PIL import Image, ImageCms, ImageOps


def read_planes(path, settings, width, height, channels):
    """Channels × height × width, float32."""
    pixels = decode(path, settings)
    rows, columns, top, left = placed(pixels.shape[1], pixels.shape[0], settings, width, height)
    resized = resample(pixels, columns, rows, settings)
    bands = pixels.shape[2]
    canvas = np.empty((height, width, bands), np.uint8)
    canvas[:] = [*settings.get("background", [0, 0, 0]), 255][:bands]
    canvas[top : top + resized.shape[0], left : left + resized.shape[1]] = resized
    return planes_of(canvas, settings, channels)


def decode(path, settings):
    """Red, green and blue, and how opaque a pixel is where the network takes that: height × width × 3 or 4."""
    image = Image.open(path)
    raw = str(image.tile[0].args if image.tile else "")
    if image.mode == "CMYK" or image.mode[0] in "IF" or ";16" in raw:
        raise ValueError(f"{path}: pictures are read that have 8 bits and are grey or in colour; this is {image.mode} {raw}")
    if settings.get("exif", True):
        image = ImageOps.exif_transpose(image)
    if settings.get("icc", False) and "icc_profile" in image.info:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        image = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    alpha = settings.get("alpha", "black")
    wanted = settings["channels"] in ("rgba", "bgra")
    transparent = image.has_transparency_data
    if not transparent and not wanted:
        return np.asarray(image.convert("RGB"))
    both = np.asarray(image.convert("RGBA"))
    if wanted:
        return both
    if alpha == "ignore":
        return both[:, :, :3]
    opaque = both[:, :, 3:].astype(np.int64)
    ground = 255 if alpha == "white" else 0
    return ((both[:, :, :3] * opaque + (255 - opaque) * ground) // 255).astype(np.uint8)


def placed(width, height, settings, wide, high):
    """Which part of the resized picture is drawn, as (source, target, from, to), and where it begins in the input."""
    fit = settings.get("fit", "stretch")
    resized_wide, resized_high = wide, high
    if fit in ("crop", "cover"):
        share = settings.get("cropShare", 1)
        short = settings.get("shortSide")
        least = [math.floor(side / share + 1e-6) for side in (wide, high)]
        by_width = width <= height if short else least[0] * height >= least[1] * width
        fixed = short or least[0 if by_width else 1]
        long = max(1, math.floor(fixed * (height if by_width else width) / (width if by_width else height)))
        resized_wide, resized_high = (fixed, long) if by_width else (long, fixed)
    elif fit in ("letterbox", "contain"):
        scale = min(wide / width, high / height)
        resized_wide = min(wide, max(1, math.floor(width * scale + 0.5)))
        resized_high = min(high, max(1, math.floor(height * scale + 0.5)))
    corner = fit in ("letterbox", "contain") and settings.get("place") == "top-left"
    columns, left = overlap(width, resized_wide, wide, corner)
    rows, top = overlap(height, resized_high, high, corner)
    return rows, columns, top, left


def overlap(source, target, wanted, corner):
    if target > wanted:
        begin = round((target - wanted) / 2)
        return (source, target, begin, begin + wanted), 0
    return (source, target, 0, target), 0 if corner else (wanted - target) // 2


def resample(pixels, columns, rows, settings):
    """Along rows, then along columns, in fixed point."""
    kernel = settings.get("kernel", "linear")
    plain = settings.get("resize", "antialias") == "plain"
    # Pillow rounds to 8 bits after either pass, the others keep 6 more bits between them.
    twice = not plain and kernel != "area"
    kept, second = (0, 22) if twice else (6, 16)
    between = along(pixels.astype(np.int64).transpose(1, 0, 2), axis_of(columns, kernel, plain, 22), 22 - kept)
    if twice:
        between = between.clip(0, 255)
    return along(between.transpose(1, 0, 2), axis_of(rows, kernel, plain, second), second + kept).clip(0, 255).astype(np.uint8)


def along(lines, windows, shift):
    out = np.full((len(windows), *lines.shape[1:]), 1 << (shift - 1), np.int64)
    for i, (start, weights) in enumerate(windows):
        out[i] += np.tensordot(np.array(weights, np.int64), lines[start : start + len(weights)], 1)
    return out >> shift


def axis_of(stretch, kernel, plain, bits):
    """Which pixels make each wanted one: the first, and their weights. The centre of pixel i lies at i + 0.5 on either grid."""
    source, target, begin, end = stretch
    scale = source / target
    windows = []
    # Added up pixel by pixel: where a centre falls between two pixels, the rounding of that sum decides.
    centre = scale / 2
    for i in range(end):
        if i >= begin:
            if kernel == "nearest":
                start, weights = min(source - 1, math.floor(centre)), [1.0]
            elif kernel == "area":
                start, weights = covered(i, scale, source)
            elif plain:
                start, weights = neighbours(i, scale, source, kernel)
            else:
                start, weights = widened(i, scale, source, kernel)
            # Not sum(), which newer Pythons do with more digits than others.
            total = 0.0
            for weight in weights:
                total += weight
            fixed = [weight / total * 2**bits for weight in weights]
            windows.append((start, [math.trunc(value + (-0.5 if value < 0 else 0.5)) for value in fixed]))
        centre += scale
    return windows


def covered(i, scale, source):
    begin, end = i * scale, (i + 1) * scale
    start = min(source - 1, math.floor(begin))
    last = max(start + 1, min(source, math.ceil(end)))
    return start, [max(0.0, min(end, at + 1) - max(begin, at)) for at in range(start, last)]


def widened(i, scale, source, kernel):
    wide = max(1.0, scale)
    reach = (2 if kernel == "cubic" else 1) * wide
    centre = (i + 0.5) * scale
    start = max(0, math.trunc(centre - reach + 0.5))
    end = min(source, math.trunc(centre + reach + 0.5))
    return start, [weigh((at - centre + 0.5) * (1 / wide), kernel, -0.5) for at in range(start, end)]


def neighbours(i, scale, source, kernel):
    support = 2 if kernel == "cubic" else 1
    centre = (i + 0.5) * scale - 0.5
    left = math.floor(centre) - support + 1

    def inside(at):
        return min(source - 1, max(0, at))

    start = inside(left)
    weights = [0.0] * (inside(left + 2 * support - 1) - start + 1)
    for k in range(2 * support):
        weights[inside(left + k) - start] += weigh(left + k - centre, kernel, -0.75)
    return start, weights


def weigh(distance, kernel, a):
    x = abs(distance)
    if kernel == "linear":
        return max(0.0, 1 - x)
    if x < 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * a if x < 2 else 0.0


def planes_of(pixels, settings, channels):
    """Order of channels, range, (x - mean) / std."""
    values = pixels.astype(np.float64)
    if settings["channels"] == "grey":
        luma = 0.299 * values[:, :, 0] + 0.587 * values[:, :, 1] + 0.114 * values[:, :, 2]
        values = np.stack([luma] * channels, 2)
    elif settings["channels"].startswith("bgr"):
        values = values[:, :, [2, 1, 0, 3][: values.shape[2]]]
    scale = 1 / 255 if settings["range"][1] == 1 else 1
    mean, std = np.array(settings["mean"], np.float64), np.array(settings["std"], np.float64)
    return ((values * scale - mean) / std).astype(np.float32).transpose(2, 0, 1)
