#!/bin/sh
# image-js's reader of TIFF mixes up tiles of colour, and negative numbers become large ones.
# Guess: code that lays tiles beside each other counts in numbers and not in pixels once there is more than one number a pixel, and a difference along a row (predictor 2) starts anew in each tile and not in each row of the picture;
# signed numbers are a tag (SampleFormat) of their own, which a reader that goes by bits alone does not ask for.
# Seen: tiff 7.1.3, by which image-js 1.7.0 decodes, leaves most of a colour picture in tiles wrong, and most of a grey one with predictor 2; the same pictures in strips are right, grey tiles without predictor too. -5 as int16 is 65531.
# tifffile 2026.3.3, which wrote them, and Pillow's libtiff read what was written. Scanners of slides and satellites write tiles.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet tifffile==2026.3.3 imagecodecs==2026.3.6 pillow==13.0.0 numpy==2.4.6
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund tiff@7.1.3
cat > read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { decode } from 'tiff';

console.log(JSON.stringify(Array.from(decode(readFileSync(process.argv[2]))[0].data)));
JS
"$folder/python/bin/python" - <<'PYTHON'
import json
import subprocess

import numpy as np
import tifffile
from PIL import Image

chance = np.random.default_rng(0)
grey = chance.integers(0, 256, (37, 45)).astype(np.uint8)
colour = chance.integers(0, 256, (37, 45, 3)).astype(np.uint8)
signed = chance.integers(-999, 999, (37, 45)).astype(np.int16)
DELTAS = {"compression": "lzw", "predictor": 2}
CASES = {
    "colour, strips": (colour, {"photometric": "rgb"}),
    "colour, tiles": (colour, {"photometric": "rgb", "tile": (16, 16)}),
    "grey, tiles": (grey, {"photometric": "minisblack", "tile": (16, 16)}),
    "grey, strips, predictor": (grey, {"photometric": "minisblack", **DELTAS}),
    "grey, tiles, predictor": (grey, {"photometric": "minisblack", "tile": (16, 16), **DELTAS}),
    "signed": (signed, {"photometric": "minisblack"}),
}
share = {}
for name, (picture, options) in CASES.items():
    tifffile.imwrite("picture.tif", picture, **options)
    assert np.array_equal(tifffile.imread("picture.tif"), picture)
    if picture.dtype == np.uint8:
        assert np.array_equal(np.asarray(Image.open("picture.tif")), picture)
    read = np.array(json.loads(subprocess.run(["node", "read.mjs", "picture.tif"], check=True, capture_output=True, text=True).stdout))
    assert read.size == picture.size
    share[name] = float((read.reshape(picture.shape) != picture).mean())
    print(f"{name}: {share[name]:.0%} of the numbers differ")
    if name == "signed":
        assert np.array_equal(read.reshape(picture.shape), picture.view(np.uint16)), "no longer so"
assert share["colour, strips"] == share["grey, tiles"] == share["grey, strips, predictor"] == 0
assert share["colour, tiles"] > 0.5 and share["grey, tiles, predictor"] > 0.5, "no longer so"
PYTHON
