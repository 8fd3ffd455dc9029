#!/bin/sh
# tract does not read the slope of a Swish.
# Guess: Swish is new in opset 24 and has an α that SiLU, which engines had before, does not have.
# Seen: tract 0.23.9 takes the operator and answers x · sigmoid(x) for every α; ONNX Runtime 1.32.0 x · sigmoid(α x).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 tract==0.23.9
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
import tract
from onnx import helper, numpy_helper

ort.set_default_logger_severity(4)


def network(node, x, y, weights={}, opset=21):
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, x)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, y)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def by_runtime(model, x):
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0].ravel()


def by_tract(model, x):
    onnx.save(model, "model.onnx")
    return tract.onnx().load("model.onnx").into_model().into_runnable().run([x])[0].to_numpy().ravel()


x = np.array([[-1, -0.5, 0, 1]], np.float32)
for alpha in [1.0, 1.702]:
    model = network(helper.make_node("Swish", ["x"], ["y"], alpha=alpha), [1, 4], [1, 4], opset=24)
    print(alpha, "tract", by_tract(model, x), "onnxruntime", by_runtime(model, x))
    assert np.allclose(by_runtime(model, x), x / (1 + np.exp(-alpha * x)))
    assert np.allclose(by_tract(model, x), x / (1 + np.exp(-x))), "no longer so"
PYTHON
