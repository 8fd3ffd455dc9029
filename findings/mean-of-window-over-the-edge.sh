#!/bin/sh
# Engines divide by the whole window where it hangs over the padding.
# Guess: with ceil_mode the last window of AveragePool reaches beyond the padding; whether that part counts with count_include_pad is where implementations part.
# Seen: OpenVINO 2026.4.1 and OpenCV 5.0.0.93 count it; ONNX Runtime 1.32.0 and PyTorch 2.15.0 do not.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 openvino==2026.4.1 opencv-python-headless==5.0.0.93 torch==2.15.0
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
import torch
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


x = np.ones((1, 1, 6, 6), np.float32)
node = helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[4, 4], strides=[3, 3], pads=[1, 1, 1, 1], ceil_mode=1, count_include_pad=1)
model = network([node], {}, [1, 1, 6, 6], [1, 1, 3, 3])
pool = torch.nn.AvgPool2d(4, 3, 1, ceil_mode=True, count_include_pad=True)
right = pool(torch.from_numpy(x)).numpy()
print("PyTorch", right[0, 0, -1], "ONNX Runtime", as_written(model, x)[0, 0, -1])
assert abs(as_written(model, x) - right).max() < 1e-6
for name, engine in [("openvino", by_openvino), ("opencv", by_opencv)]:
    found = engine(model, x)
    print(name, found[0, 0, -1])
    assert found[0, 0, -1, -1] < 0.9 * right[0, 0, -1, -1], f"no longer so: {name}"
PYTHON
