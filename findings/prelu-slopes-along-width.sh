#!/bin/sh
# Engines take slopes along the width for slopes of channels.
# Guess: a PRelu with a vector of slopes is read as PyTorch means it, one for each channel, although ONNX broadcasts it along the last axis; a map as wide as it has channels shows it.
# Seen: OpenVINO 2026.4.1, OpenCV 5.0.0.93 and onnx2torch 1.5.15 all do; ONNX Runtime 1.32.0 and the ONNX reference do not.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 openvino==2026.4.1 opencv-python-headless==5.0.0.93 onnx2torch==1.5.15 torch==2.15.0
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
import onnx2torch
import torch
from onnx.reference import ReferenceEvaluator
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


x = -np.ones((1, 2, 2, 2), np.float32)
model = network([helper.make_node("PRelu", ["x", "slopes"], ["y"])], {"slopes": np.array([1, 10], np.float32)}, [1, 2, 2, 2], [1, 2, 2, 2])
along_width = [[-1, -10]] * 2
assert as_written(model, x)[0].tolist() == [along_width, along_width]
assert ReferenceEvaluator(model).run(None, {"x": x})[0][0].tolist() == [along_width, along_width]
converted = onnx2torch.convert(model).eval()
for name, found in [
    ("openvino", by_openvino(model, x)),
    ("opencv", by_opencv(model, x)),
    ("onnx2torch", converted(torch.from_numpy(x)).detach().numpy()),
]:
    print(name, found[0].tolist())
    assert found[0].tolist() == [[[-1, -1]] * 2, [[-10, -10]] * 2], f"no longer so: {name}"
PYTHON
