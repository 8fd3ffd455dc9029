#!/bin/sh
# OpenVINO stretches where Resize shall keep the aspect ratio.
# Guess: `keep_aspect_ratio_policy` of opset 18, the letterbox of exported preprocessing, is not read.
# Seen: with openvino 2026.4.1 a picture of 7 × 9 that shall be no larger than 14 × 14 comes out as 14 × 14; ONNX Runtime 1.32.0 gives 11 × 14.
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


x = np.ones((1, 1, 7, 9), np.float32)
node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], mode="linear", axes=[2, 3], keep_aspect_ratio_policy="not_larger")
model = network([node], {"sizes": np.array([14, 14], np.int64)}, [1, 1, 7, 9], [1, 1, 11, 14], 18)
print(as_written(model, x).shape, by_openvino(model, x).shape)
assert as_written(model, x).shape == (1, 1, 11, 14)
assert by_openvino(model, x).shape == (1, 1, 14, 14), "no longer so"
PYTHON
