#!/bin/sh
# ONNX's own reference normalises as many channels in LRN as there are images.
# Guess: the sum of squares over neighbours is a loop over channels; one that counts along the wrong axis is not seen where a test has as many images as channels.
# Seen: with 2 images of 6 channels onnx 1.23.2's ReferenceEvaluator normalises the channels 0 and 1 and passes the others as they are (bias 1). ONNX Runtime 1.32.0 does what the formula says.
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
from onnx import helper
from onnx.reference import ReferenceEvaluator

ort.set_default_logger_severity(4)


def network(node, x, y):
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, x)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, y)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def by_reference(model, x):
    return ReferenceEvaluator(model).run(None, {"x": x})[0].ravel()


def by_runtime(model, x):
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0].ravel()


x = np.arange(1, 13, dtype=np.float32).reshape(2, 6, 1, 1)
model = network(helper.make_node("LRN", ["x"], ["y"], size=3, alpha=0.3, beta=1.0, bias=1.0), x.shape, x.shape)
rows = x.reshape(2, 6)
padded = np.pad(rows**2, ((0, 0), (1, 1)))
formula = rows / (1 + 0.1 * (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]))
reference = by_reference(model, x).reshape(2, 6)
print("reference", reference, "onnxruntime", by_runtime(model, x).reshape(2, 6), sep="\n")
assert np.allclose(by_runtime(model, x).reshape(2, 6), formula)
assert np.allclose(reference[:, :2], formula[:, :2]) and np.allclose(reference[:, 2:], rows[:, 2:]), "no longer so"
PYTHON
