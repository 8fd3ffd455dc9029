#!/bin/sh
# onnx2torch takes a maximum over other axes than two that are counted from behind.
# Guess: PyTorch's max knows one axis, so two are done one after the other; once the first is gone, what is counted from behind points elsewhere.
# Seen: with onnx2torch 1.5.15 ReduceMax, ReduceMin and ReduceProd over [-2, -1] without keepdims go over the width and the channels: a map of 1 × 3 × 3 × 3 keeps its shape of answer and has other numbers, one of 1 × 4 × 6 × 6 answers 1 × 6 in place of 1 × 4.
# Over [2, 3], with keepdims, and in ReduceMean it is right; ONNX Runtime 1.32.0 is in all.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx2torch==1.5.15 torch==2.15.0 torchvision==0.29.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import parser
from onnx2torch import convert


def answers(operator, axes, keepdims, channels, side):
    shape = f"1,{channels},{side},{side}"
    reduced = f"1,{channels}" + (",1,1" if keepdims else "")
    model = parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 13]> g (float[{shape}] x) => (float[{reduced}] y)'
        f" {{ y = {operator}<axes = [{axes}], keepdims = {keepdims}>(x) }}"
    )
    onnx.checker.check_model(model, full_check=True)
    image = (np.arange(channels * side * side, dtype=np.float32) / 10).reshape(1, channels, side, side)
    expected = ort.InferenceSession(model.SerializeToString()).run(None, {"x": image})[0]
    with torch.no_grad():
        found = convert(model)(torch.from_numpy(image)).numpy()
    return expected, found


for operator in ("ReduceMax", "ReduceMin", "ReduceProd"):
    for axes, keepdims in (("2, 3", 0), ("-2, -1", 1)):
        expected, found = answers(operator, axes, keepdims, 3, 3)
        assert expected.shape == found.shape and np.allclose(expected, found)
    expected, found = answers(operator, "-2, -1", 0, 3, 3)
    print("onnx2torch", version("onnx2torch"), operator, "over [-2, -1] of 1 x 3 x 3 x 3: onnxruntime", expected, "onnx2torch", found)
    assert expected.shape == found.shape and not np.allclose(expected, found), "no longer so"
    expected, found = answers(operator, "-2, -1", 0, 4, 6)
    print(" of 1 x 4 x 6 x 6: shapes", expected.shape, found.shape)
    assert expected.shape == (1, 4) and found.shape == (1, 6), "no longer so"
expected, found = answers("ReduceMean", "-2, -1", 0, 3, 3)
assert np.allclose(expected, found)
PYTHON
