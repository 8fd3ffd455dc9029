#!/bin/sh
# tract takes the exponentials of a ReduceLogSumExp as they come.
# Guess: log Σ exp x needs its maximum taken out first; logits of 100 are usual, and exp(100) is beyond single precision.
# Seen: tract 0.23.9 answers infinity for 100 and 101; ONNX Runtime 1.32.0 101.3133.
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


x = np.array([[100, 101]], np.float32)
model = network(helper.make_node("ReduceLogSumExp", ["x", "axes"], ["y"]), [1, 2], [1, 1], {"axes": np.array([1], np.int64)})
print("tract", by_tract(model, x), "onnxruntime", by_runtime(model, x))
assert abs(by_runtime(model, x)[0] - 101.31326) < 1e-3
small = x - 100
assert np.allclose(by_tract(model, small), by_runtime(model, small))
assert np.isinf(by_tract(model, x)[0]), "no longer so"
PYTHON
