#!/bin/sh
# geotiff.js sums differences of a big-endian TIFF before it has put their bytes in order.
# Guess: predictor 2 stores each number as its difference from the one before, predictor 3 the bytes of a float by significance; both have to know which byte comes first, which a reader that was tried on little-endian files does not see.
# Seen: with geotiff 3.0.5 pictures of 16 and 32 bits in big-endian files ("MM") with predictor 2, and of floats with predictor 3, come out otherwise; the same in little-endian files, without predictor, and at 8 bits are right.
# tifffile 2026.3.3, which wrote them, and GDAL's libtiff in rasterio 1.4.4 read what was written. Height maps and bands of satellites come so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet tifffile==2026.3.3 imagecodecs==2026.3.6 rasterio==1.4.4 numpy==2.4.6
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund geotiff@3.0.5
cat > read.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { fromArrayBuffer } from 'geotiff';

const file = await fromArrayBuffer(new Uint8Array(readFileSync(process.argv[2])).buffer);
console.log(JSON.stringify(Array.from(await (await file.getImage()).readRasters({ interleave: true }))));
JS
"$folder/python/bin/python" - <<'PYTHON'
import json
import subprocess
import warnings

import numpy as np
import rasterio
import tifffile

warnings.simplefilter("ignore")
chance = np.random.default_rng(0)
wrong = {}
for kind, predictor in [("u1", 2), ("u2", 1), ("u2", 2), ("i4", 2), ("f4", 1), ("f4", 3)]:
    picture = (chance.normal(size=(37, 45)) * 20 + 100).astype(kind)
    for order, name in {"<": "little-endian", ">": "big-endian"}.items():
        tifffile.imwrite("picture.tif", picture, byteorder=order, compression="zlib", predictor=predictor, photometric="minisblack")
        with rasterio.open("picture.tif") as file:
            assert np.array_equal(file.read(1), picture)
        read = np.array(json.loads(subprocess.run(["node", "read.mjs", "picture.tif"], check=True, capture_output=True, text=True).stdout))
        wrong[kind, predictor, order] = float((read.reshape(picture.shape) != picture).mean())
        print(f"{kind}, predictor {predictor}, {name}: {wrong[kind, predictor, order]:.0%} differ; {picture[0, :3]} read as {read[:3]}")
for (kind, predictor, order), share in wrong.items():
    if order == ">" and kind != "u1" and predictor > 1:
        assert share > 0.5, "no longer so"
    else:
        assert share == 0
PYTHON
