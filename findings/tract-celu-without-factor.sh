#!/bin/sh
# tract leaves the factor of a Celu out.
# Guess: min(0, α · (exp(x / α) - 1)) has α twice, and with the default 1 neither is seen.
# Seen: tract 0.23.9 divides by α and does not multiply by it; ONNX Runtime 1.32.0 does both.
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
for alpha in [0.5, 2.0]:
    model = network(helper.make_node("Celu", ["x"], ["y"], alpha=alpha), [1, 4], [1, 4])
    print(alpha, "tract", by_tract(model, x), "onnxruntime", by_runtime(model, x))
    inner = np.exp(np.minimum(0, x) / alpha) - 1
    assert np.allclose(by_runtime(model, x), np.maximum(0, x) + alpha * inner)
    assert np.allclose(by_tract(model, x), np.maximum(0, x) + inner), "no longer so"
PYTHON
