#!/bin/sh
# onnxsim merges two means whose keepdims differ, and the answer gains an axis.
# Guess: a mean over the width behind a mean over the height becomes one over both, as exporters write global pooling, and only one of the two keepdims survives.
# Seen: with onnxsim 0.8.1 an answer of N × C × 1 becomes N × C × 1 × 1.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 onnxsim==0.8.1
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
import onnxsim
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


x = np.arange(512, dtype=np.float32).reshape(1, 8, 8, 8)
model = network(
    [
        helper.make_node("ReduceMean", ["x"], ["a"], axes=[3], keepdims=0),
        helper.make_node("ReduceMean", ["a"], ["y"], axes=[2], keepdims=1),
    ],
    {},
    [1, 8, 8, 8],
    [1, 8, 1],
)
simple, _ = onnxsim.simplify(model)
right, found = as_written(model, x), as_written(simple, x)
print(right.shape, "becomes", found.shape)
assert right.shape == (1, 8, 1) and found.shape == (1, 8, 1, 1), "no longer so"
PYTHON
