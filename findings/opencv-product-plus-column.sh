#!/bin/sh
# OpenCV adds a column as if it were a row.
# Guess: a sum behind MatMul becomes the bias of a dense layer by its count of numbers, whichever axis they lie on.
# Seen: with opencv-python-headless 5.0.0.93 a product of 2 × 2 plus a vector of 2 × 1 has the vector added along the rows; ONNX Runtime 1.32.0 adds it along the columns.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 opencv-python-headless==5.0.0.93
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
import cv2
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


def by_opencv(model, x):
    onnx.save(model, "model.onnx")
    net = cv2.dnn.readNetFromONNX("model.onnx")
    net.setInput(x, "x")
    return net.forward("y")


x = np.eye(2, dtype=np.float32)
model = network(
    [helper.make_node("MatMul", ["x", "w"], ["p"]), helper.make_node("Add", ["p", "column"], ["y"])],
    {"w": np.zeros((2, 2), np.float32), "column": np.array([[1], [2]], np.float32)},
    [2, 2],
    [2, 2],
)
right, found = as_written(model, x), by_opencv(model, x)
print(right.tolist(), found.tolist())
assert right.tolist() == [[1, 1], [2, 2]] and found.tolist() == [[1, 2], [1, 2]], "no longer so"
PYTHON
