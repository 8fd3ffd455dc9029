#!/bin/sh
# tract takes a mean where GlobalLpPool has a sum.
# Guess: the pool is the p-norm over all positions; implementations beside GlobalAveragePool may share its division.
# Seen: tract 0.23.9 answers 1, -2, 3 with the p-th root of the mean of x to the p, signs and all: 0.667, 2.160, 1.882 for p = 1, 2, 3. ONNX Runtime 1.32.0: 6, 3.742, 3.302.
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


x = np.array([[[[1, -2, 3]]]], np.float32)
for p in [1, 2, 3]:
    model = network(helper.make_node("GlobalLpPool", ["x"], ["y"], p=p), [1, 1, 1, 3], [1, 1, 1, 1])
    print(p, "tract", by_tract(model, x), "onnxruntime", by_runtime(model, x))
    assert np.allclose(by_runtime(model, x), (abs(x) ** p).sum() ** (1 / p))
    assert np.allclose(by_tract(model, x), (x**p).mean() ** (1 / p)), "no longer so"
PYTHON
