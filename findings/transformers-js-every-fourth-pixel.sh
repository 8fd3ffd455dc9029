#!/bin/sh
# Transformers.js in Node makes a picture smaller by taking single pixels, where Python's processors take means.
# Guess: a processor's file says `resample: 2`, Pillow's number for bilinear, and Pillow weighs all pixels that fall into the new one; an affine map with a bilinear interpolator looks at four, however far they are apart.
# Seen: with @huggingface/transformers 4.3.2 a ViT's processor makes 1 of columns that are 255, 0, 0, 0, 255, ... at a quarter of the size, where transformers 5.24.0 for Python, of the same settings, has 0.251, the mean;
# noise keeps its whole spread. So it is for nearest, bilinear and bicubic, in Pillow's sense for nearest alone; lanczos agrees. Photos of 1000 pixels and more give other features in Node than those that the network was trained on.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet transformers==5.24.0 pillow==13.0.0 numpy==2.4.6
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/transformers@4.3.2
cat > process.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { RawImage, ViTImageProcessor } from '@huggingface/transformers';

const settings = JSON.parse(process.argv[2]);
const image = new RawImage(new Uint8Array(readFileSync('picture')), 64, 64, 3);
const { pixel_values: values } = await new ViTImageProcessor(settings)(image);
console.log(JSON.stringify(Array.from(values.data)));
JS
"$folder/python/bin/python" - <<'PYTHON'
import json
import subprocess

import numpy as np
import transformers
from PIL import Image
from transformers import ViTImageProcessorPil

stripes = np.zeros((64, 64, 3), np.uint8)
stripes[:, ::4] = 255
noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
BASE = {"image_processor_type": "ViTImageProcessor", "do_resize": True, "size": {"height": 16, "width": 16}, "do_normalize": False}
for name, resample in {"bilinear": 2, "bicubic": 3, "lanczos": 1}.items():
    settings = {**BASE, "resample": resample, "do_rescale": True, "rescale_factor": 1 / 255}
    middle, spread = {}, {}
    for kind, picture in {"stripes": stripes, "noise": noise}.items():
        picture.tofile("picture")
        printed = subprocess.run(["node", "process.mjs", json.dumps(settings)], check=True, capture_output=True, text=True).stdout
        by_node = np.array(json.loads(printed)).reshape(3, 16, 16)
        by_python = np.array(ViTImageProcessorPil(**settings)(Image.fromarray(picture), return_tensors="np")["pixel_values"][0])
        for where, values in {"Node": by_node, "Python": by_python}.items():
            middle[where, kind], spread[where, kind] = round(float(values[0, 8, 8]), 3), round(float(values.std()), 3)
    print(name, "columns of mean 0.25:", {w: middle[w, "stripes"] for w in ("Node", "Python")}, "spread of noise:", {w: spread[w, "noise"] for w in ("Node", "Python")})
    assert middle["Python", "stripes"] == 0.251 and spread["Python", "noise"] < 0.15
    if name == "lanczos":
        assert middle["Node", "stripes"] == 0.251 and spread["Node", "noise"] < 0.15
    else:
        assert middle["Node", "stripes"] == 1 and spread["Node", "noise"] > 0.25, "no longer so"
print("transformers for Python", transformers.__version__)
PYTHON
