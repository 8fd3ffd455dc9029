#!/bin/sh
# Engines give an old Softmax the meaning of the new one.
# Guess: before opset 13 Softmax takes all axes from `axis` on together; whoever reads old files as new ones gets it wrong on maps, where exporters of segmentation put it.
# Seen: OpenVINO 2026.4.1 and OpenCV 5.0.0.93 give every position a sum of 1; ONNX Runtime 1.32.0 the whole map.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 openvino==2026.4.1 opencv-python-headless==5.0.0.93
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
import openvino
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


def by_openvino(model, x):
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled({"x": x})["y"])


def by_opencv(model, x):
    onnx.save(model, "model.onnx")
    net = cv2.dnn.readNetFromONNX("model.onnx")
    net.setInput(x, "x")
    return net.forward("y")


x = np.random.default_rng(0).standard_normal((1, 4, 3, 3)).astype(np.float32)
model = network([helper.make_node("Softmax", ["x"], ["y"], axis=1)], {}, [1, 4, 3, 3], [1, 4, 3, 3], opset=11)
print("onnxruntime", as_written(model, x).sum(), "openvino", by_openvino(model, x).sum(), "opencv", by_opencv(model, x).sum())
assert abs(as_written(model, x).sum() - 1) < 1e-5
for found in [by_openvino(model, x), by_opencv(model, x)]:
    assert abs(found.sum(axis=1) - 1).max() < 1e-5, "no longer so"
PYTHON
