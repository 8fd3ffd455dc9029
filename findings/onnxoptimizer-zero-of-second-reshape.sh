#!/bin/sh
# ONNX Optimizer drops the first of two Reshapes although the second copies a length from it.
# Guess: "a Reshape behind a Reshape makes the first useless" is done without looking for a 0, which means: as long as what comes in.
# Seen: with onnxoptimizer 0.4.2 the answer has another shape, and the model still says the old one.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 onnxoptimizer==0.4.2
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
import onnxoptimizer
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
    [helper.make_node("Reshape", ["x", "one"], ["a"]), helper.make_node("Reshape", ["a", "two"], ["y"])],
    {"one": np.array([0, -1, 4], np.int64), "two": np.array([0, 0, 2, -1], np.int64)},
    [1, 8, 8, 8],
    [1, 128, 2, 2],
)
folded = onnxoptimizer.optimize(model, onnxoptimizer.get_fuse_and_elimination_passes())
right, found = as_written(model, x), as_written(folded, x)
print(right.shape, "becomes", found.shape)
assert right.shape == (1, 128, 2, 2) and found.shape == (1, 8, 2, 32), "no longer so"
PYTHON
