#!/bin/sh
# tinygrad cuts the edges off a ConvTranspose that is told to keep them.
# Guess: auto_pad VALID means no padding; a branch that knows NOTSET and takes all else for SAME gets it wrong, and only kernels wider than the stride show it.
# Seen: tinygrad 0.14.0 (its own device in Python) answers with input · stride values by VALID, with (input - 1) · stride + kernel by NOTSET, which mean the same; ONNX Runtime 1.32.0 with the latter by both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 tinygrad==0.14.0
cd "$folder"
DEV=PYTHON "$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper
from tinygrad import Tensor
from tinygrad.nn.onnx import OnnxRunner

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
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]


def by_tinygrad(model, x):
    onnx.save(model, "model.onnx")
    return OnnxRunner("model.onnx")({"x": Tensor(x)})["y"].numpy()


x = np.array([1, 2, 3], np.float32).reshape(1, 1, 3)
weights = {"w": np.ones((1, 1, 4), np.float32)}
valid, plain = [
    network(helper.make_node("ConvTranspose", ["x", "w"], ["y"], auto_pad=auto_pad, strides=[2]), x.shape, [1, 1, 8], weights)
    for auto_pad in ["VALID", "NOTSET"]
]
print("tinygrad", by_tinygrad(valid, x).ravel(), "onnxruntime", by_runtime(valid, x).ravel())
whole = [1, 1, 3, 3, 5, 5, 3, 3]
assert by_runtime(valid, x).ravel().tolist() == by_runtime(plain, x).ravel().tolist() == whole
assert by_tinygrad(plain, x).ravel().tolist() == whole
assert by_tinygrad(valid, x).ravel().tolist() == whole[1:-1], "no longer so"
PYTHON
