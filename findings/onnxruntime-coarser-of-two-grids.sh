#!/bin/sh
# ONNX Runtime drops the coarser of two quantisations that follow each other.
# Guess: of Quantize, Dequantize, Quantize, Dequantize the inner pair is taken out as a round trip for nothing; that holds for equal steps only.
# Seen: with onnxruntime 1.32.0 values on a grid of 0.5 and then on one of 0.01 come out as 0.26 or -1.13, which no multiple of 0.5 is; so they do in the other order. Without optimization, and in numpy, the coarser grid is kept.
# Two steps in a row stand where a head quantised apart, or an 8-bit camera's picture, meets the scale of the next layer.
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

values = np.array([0.26, -1.13, 1.02, 0.74, -0.4, 0.1], np.float32)


def answers(first, second, level):
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[6] x) => (float[6] y) {'
        " a = QuantizeLinear(x, first, zero) b = DequantizeLinear(a, first, zero)"
        " c = QuantizeLinear(b, second, zero) y = DequantizeLinear(c, second, zero) }"
    )
    for name, value in {"first": np.float32(first), "second": np.float32(second), "zero": np.int8(0)}.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    onnx.checker.check_model(model, full_check=True)
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    return ort.InferenceSession(model.SerializeToString(), options).run(None, {"x": values})[0]


def grid(numbers, step):
    return np.clip(np.round(numbers / np.float32(step)), -128, 127) * np.float32(step)


for first, second in ((0.5, 0.5), (0.5, 0.01), (0.01, 0.5)):
    by_hand = grid(grid(values, first), second)
    plain = answers(first, second, ort.GraphOptimizationLevel.ORT_DISABLE_ALL)
    optimized = answers(first, second, ort.GraphOptimizationLevel.ORT_ENABLE_ALL)
    print("onnxruntime", ort.__version__, "steps", first, second, "plain", plain, "optimized", optimized)
    assert np.allclose(plain, by_hand, atol=1e-5)
    same = np.allclose(optimized, by_hand, atol=1e-5)
    assert same if first == second else not same, "no longer so"
PYTHON
