"""Reads pictures with the sample code of deployment packages: `planes.py SAMPLES CASES OUT` writes the planes of all cases, one after the other."""

import json
import pathlib
import sys

samples, cases, out = sys.argv[1:]
sys.path.insert(0, samples)
from preprocess import read_planes  # noqa: E402

with open(out, "wb") as file:
    for case in json.loads(pathlib.Path(cases).read_text("utf8")):
        planes = read_planes(case["path"], case["settings"], case["width"], case["height"], case["channels"])
        file.write(planes.astype("<f4").tobytes())
