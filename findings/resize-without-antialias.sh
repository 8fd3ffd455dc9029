#!/bin/sh
# Engines resize without the antialiasing that the file asks for.
# Guess: `antialias` of Resize, new in opset 18, is passed over in silence, so that a network with its preprocessing inside sees other pictures.
# Seen: OpenVINO 2026.4.1 and OpenCV 5.0.0.93 give what they give for antialias 0; ONNX Runtime 1.32.0 does as asked.
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


x = np.random.default_rng(0).uniform(0, 1, (1, 3, 32, 32)).astype(np.float32)


def model(antialias):
    node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], mode="linear", antialias=antialias)
    return network([node], {"sizes": np.array([1, 3, 8, 8], np.int64)}, [1, 3, 32, 32], [1, 3, 8, 8], 18)


asked, plain = as_written(model(1), x), as_written(model(0), x)
assert abs(asked - plain).max() > 0.1
for name, engine in [("openvino", by_openvino), ("opencv", by_opencv)]:
    found = engine(model(1), x)
    print(name, "from what was asked", abs(found - asked).max(), "from antialias 0", abs(found - plain).max())
    assert abs(found - plain).max() < 1e-5, f"no longer so: {name}"
PYTHON
