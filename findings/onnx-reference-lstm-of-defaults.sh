#!/bin/sh
# ONNX's own reference computes one LSTM, whatever the node says.
# Guess: LSTM has the most attributes of all layers; an implementation that writes sigmoid and tanh down by name has no place for activations, clip and input_forget, nor for the lengths of the sequences.
# Seen: onnx 1.23.2's ReferenceEvaluator answers with activations, clip, input_forget = 1 or sequence_lens to the last bit as without them, and warns of nothing. ONNX Runtime 1.32.0 and the equations of the specification
# in plain numpy agree in all five. What is checked against the reference passes with an LSTM that is not the file's.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" -W error - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper, parser
from onnx.reference import ReferenceEvaluator

chance = np.random.default_rng(0)
weights = {name: chance.normal(size=size).astype(np.float32) for name, size in [("w", (1, 12, 5)), ("r", (1, 12, 3)), ("b", (1, 24))]}
steps = chance.normal(size=(4, 2, 5)).astype(np.float32)
lengths = np.array([2, 4], np.int32)
sigmoid = lambda x: 1 / (1 + np.exp(-x))
relu = lambda x: np.maximum(x, 0)


def by_equations(inner=np.tanh, outer=np.tanh, clip=np.inf, coupled=False, until=(4, 4)):
    """Y of the specification's equations: gates in the order i, o, f, c, clipped before they are activated."""
    hidden, cell, answers = np.zeros((2, 3)), np.zeros((2, 3)), []
    for step, x in enumerate(steps):
        sums = x @ weights["w"][0].T + hidden @ weights["r"][0].T + weights["b"][0, :12] + weights["b"][0, 12:]
        i, o, f, c = np.split(np.clip(sums, -clip, clip), 4, axis=1)
        i, o, f, c = sigmoid(i), sigmoid(o), sigmoid(f), inner(c)
        alive = np.array([[step < end] for end in until])
        cell = (1 - i if coupled else f) * cell + i * c
        hidden = o * outer(cell)
        answers.append(np.where(alive, hidden, 0))
    return np.stack(answers)[:, None]


CASES = {
    "": ("", "x, w, r, b", {}),
    "activations": (', activations = ["Sigmoid", "Relu", "Relu"]', "x, w, r, b", {"inner": relu, "outer": relu}),
    "clip": (", clip = 0.5", "x, w, r, b", {"clip": 0.5}),
    "input_forget": (", input_forget = 1", "x, w, r, b", {"coupled": True}),
    "sequence_lens": ("", "x, w, r, b, l", {"until": lengths}),
}
for name, (attributes, inputs, options) in CASES.items():
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[4,2,5] x) => (float[4,1,2,3] y) '
        f"{{ y = LSTM<hidden_size = 3{attributes}>({inputs}) }}"
    )
    model.graph.initializer.extend(numpy_helper.from_array(values, key) for key, values in {**weights, "l": lengths}.items() if key in inputs)
    onnx.checker.check_model(model, full_check=True)
    right = ort.InferenceSession(model.SerializeToString()).run(None, {"x": steps})[0]
    found = ReferenceEvaluator(model).run(None, {"x": steps})[0]
    print("onnx", onnx.__version__, name or "plain", "largest difference of reference and ONNX Runtime", float(abs(found - right).max()))
    print(" of ONNX Runtime and equations", float(abs(right - by_equations(**options)).max()))
    assert np.allclose(right, by_equations(**options), atol=1e-5)
    if not name:
        plain = found
        assert np.allclose(found, right, atol=1e-5)
    else:
        assert np.array_equal(found, plain) and abs(found - right).max() > 0.1, "no longer so"
PYTHON
