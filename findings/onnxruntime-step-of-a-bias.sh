#!/bin/sh
# ONNX Runtime takes the step of a linear layer's bias for that of its sums.
# Guess: a bias in whole numbers may have any scale behind its DequantizeLinear, but the fused kernel adds it to sums that count in steps of (scale of the input · scale of the weight); before it fuses a Conv, the runtime
# sees that they agree, before a Gemm it does not.
# Seen: with onnxruntime 1.32.0 a Gemm whose bias has twice the scale, or half of it, answers as if it had the product. Without optimization, in numpy, and with a Conv of 1 × 1 in its place, it is as the file says; with the
# product as the scale all agree.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper, parser

chance = np.random.default_rng(0)
FED, LEARNED = np.float32(0.25), np.float32(0.01)
# The layer and what its shapes have behind images and channels.
LAYERS = {"Gemm": ("Gemm<transB = 1>(b, w, c)", ()), "Conv": ("Conv(b, w, c)", (1, 1))}


def apart(name, factor):
    layer, places = LAYERS[name]
    text = lambda sizes: ",".join(map(str, sizes))
    picture = (chance.integers(-8, 8, (2, 3, *places)) * FED).astype(np.float32)
    whole = chance.integers(-100, 100, (4, 3, *places)).astype(np.int8)
    bias = chance.integers(200, 400, 4).astype(np.int32)
    model = parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17]> g (float[{text(picture.shape)}] x) => (float[{text((2, 4, *places))}] y) {{'
        " a = QuantizeLinear(x, fed, zero) b = DequantizeLinear(a, fed, zero)"
        f" w = DequantizeLinear(whole, learned, zero) c = DequantizeLinear(bias, step) y = {layer} }}"
    )
    step = np.float32(FED * LEARNED * factor)
    for key, values in {
        "fed": FED, "zero": np.int8(0), "whole": whole, "learned": LEARNED, "bias": bias, "step": step,
    }.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(values), key))
    onnx.checker.check_model(model, full_check=True)
    found = []
    for level in (ort.GraphOptimizationLevel.ORT_DISABLE_ALL, ort.GraphOptimizationLevel.ORT_ENABLE_ALL):
        options = ort.SessionOptions()
        options.graph_optimization_level = level
        found.append(ort.InferenceSession(model.SerializeToString(), options).run(None, {"x": picture})[0].reshape(2, 4))
    by_hand = picture.reshape(2, 3) @ (whole.reshape(4, 3) * LEARNED).T + bias * step
    assert np.abs(found[0] - by_hand).max() < 1e-4
    largest = float(np.abs(found[1] - found[0]).max())
    print("onnxruntime", ort.__version__, name, "step of the bias", factor, "largest difference by optimization", largest)
    return largest


for factor in (1, 2, 0.5):
    assert apart("Conv", factor) < 1e-4
assert apart("Gemm", 1) < 1e-4
for factor in (2, 0.5):
    assert apart("Gemm", factor) > 0.2, "no longer so"
PYTHON
