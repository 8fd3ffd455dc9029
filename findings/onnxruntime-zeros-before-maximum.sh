#!/bin/sh
# ONNX Runtime takes zeros in front of a maximum for minus infinity.
# Guess: graph optimization folds Pad and MaxPool into one, and loses that MaxPool pads with minus infinity where Pad has put zeros.
# Seen: with onnxruntime 1.30.0 and 1.31.0 every session but one without optimization answers otherwise where values are below 0; 1.32.0 is right.
# ZeroPad2d with MaxPool2d behind an activation that goes below 0 (Leaky ReLU, SiLU) exports so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==${VERSION:-1.30.0} numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

ort.set_default_logger_severity(4)


def network(nodes, weights, image, answer, opset=17):
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, image)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, answer)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def as_written(model, x, level=ort.GraphOptimizationLevel.ORT_DISABLE_ALL):
    options = ort.SessionOptions()
    options.graph_optimization_level = level
    return ort.InferenceSession(model.SerializeToString(), options).run(["y"], {"x": x})[0]


x = np.array([[[-4, -3, -2, -1]]], np.float32)
model = network(
    [
        helper.make_node("Pad", ["x", "pads", "zero"], ["p"]),
        helper.make_node("MaxPool", ["p"], ["y"], kernel_shape=[3]),
    ],
    {"pads": np.array([0, 0, 1, 0, 0, 1], np.int64), "zero": np.float32(0)},
    [1, 1, 4],
    [1, 1, 4],
)
right = as_written(model, x)
found = as_written(model, x, ort.GraphOptimizationLevel.ORT_ENABLE_ALL)
print("onnxruntime", ort.__version__, "as written", right.ravel(), "optimized", found.ravel())
assert right.ravel().tolist() == [0, -2, -1, 0]
assert found.ravel().tolist() == [-3, -2, -1, -1], "no longer so"
PYTHON
