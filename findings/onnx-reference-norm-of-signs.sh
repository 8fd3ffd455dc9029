#!/bin/sh
# ONNX's own reference sums an L1 norm with its signs.
# Guess: |x| to the power of 1 is where an implementation that raises to a power drops the absolute value, which no test with positive numbers shows.
# Seen: onnx 1.23.2's ReferenceEvaluator divides 3 and -4 by -1 and answers -3 and 4; ONNX Runtime 1.32.0 divides by 7.
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


x = np.array([[3, -4]], np.float32)
model = network(helper.make_node("LpNormalization", ["x"], ["y"], axis=1, p=1), [1, 2], [1, 2])
print("reference", by_reference(model, x), "onnxruntime", by_runtime(model, x))
assert np.allclose(by_runtime(model, x), [3 / 7, -4 / 7])
assert np.allclose(by_reference(model, x), [-3, 4]), "no longer so"
PYTHON
