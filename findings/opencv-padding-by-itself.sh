#!/bin/sh
# OpenCV passes over auto_pad where it is seldom used.
# Guess: SAME_LOWER, and SAME of a transposed convolution, are not what OpenCV's importer was tried on.
# Seen: with opencv-python-headless 5.0.0.93 a MaxPool of SAME_LOWER pads behind instead of in front, and a ConvTranspose of SAME_UPPER gives 7 × 7 in place of 8 × 8.
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


x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
node = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], auto_pad="SAME_LOWER")
model = network([node], {}, [1, 1, 4, 4], [1, 1, 4, 4])
right, found = as_written(model, x), by_opencv(model, x)
print("first row", right[0, 0, 0], found[0, 0, 0])
assert right[0, 0, 0].tolist() == [0, 1, 2, 3] and found[0, 0, 0].tolist() == [5, 6, 7, 7], "no longer so"
node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], auto_pad="SAME_UPPER")
model = network([node], {"w": np.ones((1, 1, 3, 3), np.float32)}, [1, 1, 4, 4], [1, 1, 8, 8])
print(as_written(model, x).shape, by_opencv(model, x).shape)
assert as_written(model, x).shape == (1, 1, 8, 8)
assert by_opencv(model, x).shape == (1, 1, 7, 7), "no longer so"
PYTHON
