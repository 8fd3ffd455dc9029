#!/bin/sh
# MNN keeps the last of what ScatterND shall add up.
# Guess: `reduction` came to ScatterND with opset 16, and without it a second value for one place replaces the first; an engine that had the operator before reads the node as it used to.
# Seen: mnn 3.6.1 answers add and mul of ScatterND as if there were no reduction: 1 + 5 + 7 at one place is 7. ScatterElements with add, beside it, is right, and so is ONNX Runtime 1.32.0. Nothing warns.
# PyTorch's index_put_(accumulate=True), for histograms and for pooling by regions, exports so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet MNN==3.6.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
PATH="$folder/python/bin:$PATH" python - <<'PYTHON'
import subprocess

import MNN
import numpy as np
import onnx
import onnxruntime as ort
from MNN import expr, nn
from onnx import parser

HEAD = '<ir_version: 8, opset_import: ["" : 18]> g (float[4] x) => (float[4] y) '
PLACES = {"ScatterND": "<int64[3,1] at = {2, 2, 0}, ", "ScatterElements": "<int64[3] at = {2, 2, 0}, "}
ones = np.ones(4, np.float32)


def by_mnn(model):
    onnx.save(model, "net.onnx")
    said = subprocess.run(["mnnconvert", "-f", "ONNX", "--modelFile", "net.onnx", "--MNNModel", "net.mnn", "--bizCode", "x"], check=True, capture_output=True, text=True)
    assert "reduction" not in said.stdout.lower() + said.stderr.lower()
    return np.array(nn.load_module_from_file("net.mnn", ["x"], ["y"]).forward([expr.const(ones, [4], expr.NCHW)])[0].read()).ravel()


for operator, reduction, right in [
    ("ScatterND", "add", [10, 1, 13, 1]),
    ("ScatterND", "mul", [9, 1, 35, 1]),
    ("ScatterElements", "add", [10, 1, 13, 1]),
]:
    body = PLACES[operator] + f'float[3] values = {{5, 7, 9}}> {{ y = {operator}<reduction = "{reduction}">(x, at, values) }}'
    model = parser.parse_model(HEAD + body)
    onnx.checker.check_model(model, full_check=True)
    found = by_mnn(model)
    print("MNN", MNN.version(), operator, reduction, "MNN", found, "right", right)
    assert ort.InferenceSession(model.SerializeToString()).run(None, {"x": ones})[0].tolist() == right
    if operator == "ScatterND":
        assert found.tolist() == [9, 1, 7, 1], "no longer so"
    else:
        assert found.tolist() == right
PYTHON
