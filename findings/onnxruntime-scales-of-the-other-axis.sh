#!/bin/sh
# ONNX Runtime takes scales of what a layer reads for scales of what it makes.
# Guess: DequantizeLinear in front of a weight names the axis that its scales lie along; the kernels for whole numbers know one axis, and where a layer reads as many channels as it makes, no count gives the mistake away.
# Seen: with onnxruntime 1.32.0 a Conv of 4 × 4 channels, a Gemm and a MatMul with scales along the channels read answer as if they lay along the channels made. Without optimization, and in numpy, they are as the file says;
# with scales along the channels made both agree.
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
scales = np.array([0.01, 0.02, 0.04, 0.08], np.float32)
LAYERS = {
    # The layer on b and w, the shapes of picture, weight and answer, the axis of channels made and of channels read.
    "Conv": ("Conv(b, w)", (1, 4, 5, 5), (4, 4, 3, 3), (1, 4, 3, 3), 0, 1),
    "Gemm": ("Gemm<transB = 1>(b, w)", (3, 4), (4, 4), (3, 4), 0, 1),
    "MatMul": ("MatMul(b, w)", (3, 4), (4, 4), (3, 4), 1, 0),
}


def apart(name, axis):
    layer, shape, weight_shape, answer_shape = LAYERS[name][:4]
    text = lambda sizes: ",".join(map(str, sizes))
    model = parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17]> g (float[{text(shape)}] x) => (float[{text(answer_shape)}] y) {{'
        " a = QuantizeLinear(x, step, zero) b = DequantizeLinear(a, step, zero)"
        f" w = DequantizeLinear<axis = {axis}>(whole, scales, zeros)"
        + (f" y = {layer} }}" if name == "MatMul" else f" d = {layer} e = QuantizeLinear(d, step, zero) y = DequantizeLinear(e, step, zero) }}")
    )
    whole = chance.integers(-100, 100, weight_shape).astype(np.int8)
    for key, values in {
        "step": np.float32(0.25), "zero": np.int8(0), "whole": whole, "scales": scales, "zeros": np.zeros(4, np.int8),
    }.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(values), key))
    onnx.checker.check_model(model, full_check=True)
    picture = (chance.integers(-8, 8, shape) * 0.25).astype(np.float32)
    found = []
    for level in (ort.GraphOptimizationLevel.ORT_DISABLE_ALL, ort.GraphOptimizationLevel.ORT_ENABLE_ALL):
        options = ort.SessionOptions()
        options.graph_optimization_level = level
        found.append(ort.InferenceSession(model.SerializeToString(), options).run(None, {"x": picture})[0])
    weight = whole * scales.reshape([-1 if place == axis else 1 for place in range(whole.ndim)])
    if name == "Conv":
        windows = np.lib.stride_tricks.sliding_window_view(picture, (3, 3), (2, 3))
        by_hand = np.einsum("nchwij,dcij->ndhw", windows, weight)
    else:
        by_hand = picture @ (weight.T if name == "Gemm" else weight)
    if name != "MatMul":
        by_hand = np.clip(by_hand, -32, 31.75)
    assert np.abs(found[0] - by_hand).max() <= 0.25
    largest = float(np.abs(found[1] - found[0]).max())
    print("onnxruntime", ort.__version__, name, "axis", axis, "largest difference by optimization", largest)
    return largest


for name, (*_, made, read) in LAYERS.items():
    assert apart(name, made) <= 0.25
    assert apart(name, read) > 2, "no longer so"
PYTHON
