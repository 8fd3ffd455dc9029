#!/bin/sh
# ONNX Runtime takes for a layer norm what has only the outline of one.
# Guess: the chain mean, Sub, Pow, mean, Add, Sqrt, Div is replaced by one kernel when the operators follow each other; which power Pow has, and which side of Sub and of Div is which, is asked of none.
# Seen: with onnxruntime 1.32.0 differences divided by the root of the mean of their fourth powers are divided by that of their squares; mean minus x becomes x minus mean, all signs turned; root ÷ difference becomes difference ÷ root.
# A session without optimization does what the file says, so does plain numpy. The usual order is right in both.
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

picture = np.random.default_rng(0).normal(size=(2, 3, 8)).astype(np.float32) * 2
gain, shift = np.linspace(0.5, 2, 8, dtype=np.float32), np.linspace(-1, 1, 8, dtype=np.float32)


def answers(power, difference, quotient):
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[2,3,8] x) => (float[2,3,8] y) {'
        f" m = ReduceMean<axes = [-1]>(x) d = Sub({difference}) p = Pow(d, power) v = ReduceMean<axes = [-1]>(p)"
        f" e = Add(v, little) s = Sqrt(e) n = Div({quotient}) g = Mul(n, gain) y = Add(g, shift) }}"
    )
    for name, values in {"power": np.float32(power), "little": np.float32(0.1), "gain": gain, "shift": shift}.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(values), name))
    onnx.checker.check_model(model, full_check=True)
    found = []
    for level in (ort.GraphOptimizationLevel.ORT_DISABLE_ALL, ort.GraphOptimizationLevel.ORT_ENABLE_ALL):
        options = ort.SessionOptions()
        options.graph_optimization_level = level
        found.append(ort.InferenceSession(model.SerializeToString(), options).run(None, {"x": picture})[0])
    mean = picture.mean(-1, keepdims=True)
    d = picture - mean if difference == "x, m" else mean - picture
    s = np.sqrt((d**power).mean(-1, keepdims=True) + 0.1)
    by_hand = (d / s if quotient == "d, s" else s / d) * gain + shift
    assert np.allclose(found[0], by_hand, rtol=1e-3, atol=1e-3)
    apart = float(np.abs(found[1] - found[0]).max())
    print("onnxruntime", ort.__version__, f"Pow {power}, Sub({difference}), Div({quotient}): largest difference by optimization", apart)
    return apart


assert answers(2, "x, m", "d, s") < 1e-4
assert answers(4, "x, m", "d, s") > 0.1, "no longer so"
assert answers(2, "m, x", "d, s") > 1, "no longer so"
assert answers(2, "x, m", "s, d") > 1, "no longer so"
PYTHON
