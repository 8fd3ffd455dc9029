#!/bin/sh
# ONNX's own compose gives a branch of the first model a constant of the second.
# Guess: add_prefix and the prefixes of merge_models rename nodes before they list the weights; the body of an If, which may name a weight of the graph around it, is renamed with the nodes and keeps the old name.
# Seen: with onnx 1.23.2 x · k (k = 3) in the branch of an If is x · 100 once merged with a model that has a k of 100, though prefixes are there against equal names, and onnx.checker finds no fault.
# Without an If the same k is 3 · x as it should be. ONNX Runtime 1.32.0 runs both.
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
from onnx import compose, parser

HEAD = '<ir_version: 8, opset_import: ["" : 17]> '
plain = HEAD + "a (float[2] x, bool c) => (float[2] y) <float[1] k = {3.0}> { y = Mul(x, k) }"
branching = (
    HEAD
    + "a (float[2] x, bool c) => (float[2] y) <float[1] k = {3.0}> { y = If(c) <"
    + "then_branch = t () => (float[2] z) { z = Mul(x, k) }, else_branch = e () => (float[2] z) { z = Neg(x) }> }"
)
second = parser.parse_model(HEAD + "b (float[2] u) => (float[2] v) <float[1] k = {100.0}> { v = Add(u, k) }")


def run(model, values):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(model.SerializeToString(), options)
    taken = {port.name: values[port.name.split("/")[-1]] for port in session.get_inputs()}
    return session.run(None, taken)[0].tolist()


values = {"x": np.array([1, 2], np.float32), "c": np.array(True)}
answers = {}
for name, text in {"plain": plain, "branching": branching}.items():
    first = parser.parse_model(text)
    merged = compose.merge_models(first, second, [("y", "u")], prefix1="a/")
    for model in (first, second, merged):
        onnx.checker.check_model(model, full_check=True)
    apart = run(second, {"u": np.array(run(first, values), np.float32)})
    answers[name] = run(merged, values)
    print("onnx", onnx.__version__, name, "one after the other", apart, "merged", answers[name])
    assert apart == [103, 106]
assert answers["plain"] == [103, 106]
assert answers["branching"] == [200, 300], "no longer so"
PYTHON
