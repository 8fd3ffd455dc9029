#!/bin/sh
# OpenVINO rounds a quotient of whole numbers down when it folds it, and towards zero when it computes it.
# Guess: −7 ÷ 2 is −3 in C and −4 in Python; shape arithmetic and offsets of exported graphs, constants before anything runs, can have either sign.
# Seen: with openvino 2026.4.1 two constants give −4, the same numbers at run time −3; ONNX Runtime 1.32.0 and the ONNX reference give −3 for both.
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


x = np.array([-7, 7, -1], np.float32)
for numerator in ["whole", "constant"]:
    model = network(
        [
            helper.make_node("Cast", ["x"], ["whole"], to=onnx.TensorProto.INT64),
            helper.make_node("Div", [numerator, "two"], ["half"]),
            helper.make_node("Cast", ["half"], ["quotient"], to=onnx.TensorProto.FLOAT),
            helper.make_node("Mul", ["x", "zero"], ["nothing"]),
            helper.make_node("Add", ["quotient", "nothing"], ["y"]),
        ],
        {"two": np.array(2, np.int64), "constant": np.array([-7, 7, -1], np.int64), "zero": np.float32(0)},
        [3],
        [3],
    )
    found = by_openvino(model, x).tolist()
    print(numerator, "onnxruntime", as_written(model, x), "openvino", found)
    assert as_written(model, x).tolist() == [-3, 3, 0]
    assert ReferenceEvaluator(model).run(None, {"x": x})[0].tolist() == [-3, 3, 0]
    assert found == ([-4, 3, -1] if numerator == "constant" else [-3, 3, 0]), "no longer so"
PYTHON
