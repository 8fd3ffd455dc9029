#!/bin/sh
# OpenCV does not use the scales of Resize.
# Guess: OpenCV keeps the sizes alone, and where 7 · 1.5 is cut off to 10 it samples at a ratio of 10 ÷ 7.
# Seen: with opencv-python-headless 5.0.0.93 linear and nearest Resize answer otherwise wherever sizes times scales are no whole numbers; at whole ones they are right.
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


random = np.random.default_rng(0)
for scale, length in [(2.0, 14), (1.5, 10)]:
    x = random.uniform(0, 1, (1, 1, 7, 7)).astype(np.float32)
    for mode in ["linear", "nearest"]:
        node = helper.make_node("Resize", ["x", "", "scales"], ["y"], mode=mode)
        model = network([node], {"scales": np.array([1, 1, scale, scale], np.float32)}, [1, 1, 7, 7], [1, 1, length, length])
        difference = abs(by_opencv(model, x) - as_written(model, x)).max()
        print(mode, scale, "largest difference", difference)
        assert (difference > 0.05) == (scale == 1.5), "no longer so"
PYTHON
