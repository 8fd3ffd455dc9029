#!/bin/sh
# Engines part over the norm of a window that hangs over the edge.
# Guess: LpPool got ceil_mode late (opset 18); PyTorch computes its LPPool2d as the mean times the size of the window, which counts what is not there.
# Seen: of ones under a window of 3 × 3 that lies 3 × 2 on the map, onnxruntime 1.32.0 gives √6, the ONNX reference (onnx 1.23.2) and OpenVINO 2026.4.1 give 3.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 openvino==2026.4.1
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
from onnx.reference import ReferenceEvaluator
import openvino
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


x = np.ones((1, 1, 8, 8), np.float32)
node = helper.make_node("LpPool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, p=2)
model = network([node], {}, [1, 1, 8, 8], [1, 1, 4, 4], 18)
reference = ReferenceEvaluator(model).run(None, {"x": x})[0]
print("onnxruntime", as_written(model, x)[0, 0, 0], "reference", reference[0, 0, 0], "openvino", by_openvino(model, x)[0, 0, 0])
assert abs(as_written(model, x)[0, 0, 0] - [3, 3, 3, 6**0.5]).max() < 1e-5, "no longer so"
assert abs(reference - 3).max() < 1e-5 and abs(by_openvino(model, x) - 3).max() < 1e-5, "no longer so"
PYTHON
