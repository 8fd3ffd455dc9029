#!/bin/sh
# ONNX Runtime refuses a valid network in which a Relu is followed by a QuantizeLinear without a zero point.
# Guess: a Relu in front of steps from 0 on is taken away as doing nothing that they do not; where the zero point is left out, which stands for 0 in uint8, it goes and who read it keeps reading.
# Seen: with onnxruntime 1.30.0 a session with default settings ends with "Invalid model. Node input 'b' is not a graph input, initializer, or output of a previous node" behind a quantised Conv. Without optimization, with the
# zero point written out, or without the Relu the network runs. 1.31.0 is right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==${VERSION:-1.30.0} numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper, parser

chance = np.random.default_rng(0)
picture = chance.normal(size=(1, 3, 8, 8)).astype(np.float32)
whole = chance.integers(-100, 100, (4, 3, 1, 1)).astype(np.int8)
LEVELS = (ort.GraphOptimizationLevel.ORT_DISABLE_ALL, ort.GraphOptimizationLevel.ORT_ENABLE_ALL)


def says(zero, activation):
    steps = "step, zero" if zero else "step"
    made = f"{activation}(c)" if activation else "Identity(c)"
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[1,3,8,8] x) => (float[1,4,8,8] y) {'
        " a = QuantizeLinear(x, step, zero) b = DequantizeLinear(a, step, zero) w = DequantizeLinear(whole, learned)"
        f" c = Conv(b, w) d = {made} e = QuantizeLinear(d, {steps}) y = DequantizeLinear(e, {steps}) }}"
    )
    for key, values in {"step": np.float32(0.05), "zero": np.uint8(0), "whole": whole, "learned": np.float32(0.01)}.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(values), key))
    onnx.checker.check_model(model, full_check=True)
    found = []
    for level in LEVELS:
        options = ort.SessionOptions()
        options.graph_optimization_level = level
        options.log_severity_level = 4
        try:
            ort.InferenceSession(model.SerializeToString(), options).run(None, {"x": picture})
            found.append("runs")
        except Exception as error:
            found.append(str(error))
    print("onnxruntime", ort.__version__, "zero point" if zero else "no zero point", activation or "no activation", found)
    return found


assert says(True, "Relu") == ["runs", "runs"]
assert says(False, "") == ["runs", "runs"]
plain, optimized = says(False, "Relu")
assert plain == "runs" and "Invalid model" in optimized, "no longer so"
PYTHON
