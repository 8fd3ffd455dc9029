#!/bin/sh
# image-js and UPNG.js lose their place in rows of a PNG of few bits.
# Guess: a PNG of 1, 2 or 4 bits pads every row to whole bytes (PNG specification, 7.2); a reader that walks through pixel by pixel is right only where the width is a multiple of 8, 4 or 2.
# Seen: with image-js 1.7.0 a palette picture of 13 columns is right in its first row alone, with upng-js 2.1.0 a grey one; at 16 columns both are right. A mask of 1 bit is wrong in image-js at either width: it leaves bits out of
# the first byte of a row in place of the last, 8 of them where nothing is padded. pngjs 7.0.0 and Pillow 13.0.0 read all. UPNG.js says that it reads all depths. Pillow itself writes 4 bits for up to 16 colours and 1 for masks, so
# maps of few classes come out sheared, and nothing is said.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet pillow==13.0.0 numpy==2.4.6
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund image-js@1.7.0 upng-js@2.1.0 pngjs@7.0.0
cat > read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { decodePng } from 'image-js';
import { PNG } from 'pngjs';
import UPNG from 'upng-js';

const bytes = readFileSync(process.argv[2]);
const every = (values, step) => Array.from(values).filter((_, i) => i % step === 0);
const image = decodePng(bytes);
console.log(JSON.stringify({
  'image-js': every(image.getRawImage().data, image.channels),
  'upng-js': every(new Uint8Array(UPNG.toRGBA8(UPNG.decode(new Uint8Array(bytes).buffer))[0]), 4),
  pngjs: every(PNG.sync.read(bytes).data, 4),
}));
JS
"$folder/python/bin/python" - <<'PYTHON'
import json
import subprocess

import numpy as np
import PIL
from PIL import Image

chance = np.random.default_rng(0)
found = {}
for columns in (16, 13):
    classes = chance.integers(0, 12, (9, columns)).astype(np.uint8)
    picture = Image.fromarray(classes, "P")
    picture.putpalette(np.repeat(np.arange(12) * 20, 3).astype(np.uint8).tobytes())
    picture.save("palette.png")
    Image.fromarray(classes > 5).save("mask.png")
    for name, right in {"palette": classes * 20, "mask": (classes > 5) * 255}.items():
        with open(f"{name}.png", "rb") as file:
            bits = file.read()[24]
        assert np.array_equal(np.asarray(Image.open(f"{name}.png").convert("L")), right)
        read = json.loads(subprocess.run(["node", "read.mjs", f"{name}.png"], check=True, capture_output=True, text=True).stdout)
        for reader, values in read.items():
            found[reader, name, columns] = np.flatnonzero((np.array(values).reshape(right.shape) != right).any(1)).tolist()
        print(f"{name} of {bits} bits, {columns} columns, rows that differ:", {reader: found[reader, name, columns] for reader in read})
        assert bits == {"palette": 4, "mask": 1}[name]
assert not any(rows for (reader, *_), rows in found.items() if reader == "pngjs")
assert not found["image-js", "palette", 16] and not found["upng-js", "mask", 16]
assert found["image-js", "palette", 13] and found["upng-js", "mask", 13], "no longer so"
assert found["image-js", "mask", 13] and found["image-js", "mask", 16], "no longer so"
PYTHON
