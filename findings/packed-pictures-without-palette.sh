#!/bin/sh
# LitData and MosaicML's Streaming give a picture with a palette back without it.
# Guess: both pack a picture of Pillow as its mode, its size and its bytes; a picture of mode P is numbers of colours, and the colours are no part of its bytes.
# Seen: with litdata 0.2.76 and mosaicml-streaming 0.13.0 (encoding "pil", which stores the picture raw) the numbers and the mode come back, and convert("RGB") makes greys of them; nothing is said on writing or on reading.
# Grey and RGB pictures come back whole, and Streaming's encoding "png" keeps the palette. GIFs, PNGs of few colours, and maps of classes as VOC has them are such pictures.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet litdata==0.2.76 mosaicml-streaming==0.13.0 torch==2.15.0 pillow==13.0.0 numpy==2.1.3
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from litdata import StreamingDataset
from litdata.streaming.writer import BinaryWriter
from PIL import Image
from streaming import LocalDataset, MDSWriter

rgb = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
pictures = {"RGB": Image.fromarray(rgb), "L": Image.fromarray(rgb[..., 0]), "P": Image.fromarray(rgb).quantize(16)}

with MDSWriter(out="mds", columns={"raw": "pil", "png": "png"}) as writer:
    for picture in pictures.values():
        writer.write({"raw": picture, "png": picture})
writer = BinaryWriter("lit", chunk_size=len(pictures))
for at, picture in enumerate(pictures.values()):
    writer[at] = {"raw": picture}
writer.done()
writer.merge()

mds, lit = LocalDataset("mds"), StreamingDataset("lit")
for at, (mode, picture) in enumerate(pictures.items()):
    colours = np.asarray(picture.convert("RGB"))
    read = {"litdata": lit[at]["raw"], "streaming": mds[at]["raw"], "streaming's png": mds[at]["png"]}
    same = {name: bool(np.array_equal(np.asarray(back.convert("RGB")), colours)) for name, back in read.items()}
    print("litdata", version("litdata"), "mosaicml-streaming", version("mosaicml-streaming"), mode, "has the same colours:", same)
    assert all(back.mode == mode and np.array_equal(np.asarray(back), np.asarray(picture)) for back in read.values())
    assert same["streaming's png"]
    assert same["litdata"] == same["streaming"] == (mode != "P"), "no longer so"
PYTHON
