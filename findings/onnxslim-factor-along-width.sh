#!/bin/sh
# OnnxSlim takes a factor for every column for one of every filter.
# Guess: folding a product into the convolution before it looks at how many factors there are and not at which axis they lie, so that a square map breaks it.
# Seen: with onnxslim 0.1.98 a Conv of 8 filters on a map 8 wide, times a vector of 8 (which ONNX lays along the last axis), loses the product; the answer is another by more than a tenth.
# With 9 columns the file stays right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 onnxslim==0.1.98
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
import onnxslim
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


random = np.random.default_rng(0)
x = random.standard_normal((1, 8, 8, 8)).astype(np.float32)
model = network(
    [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Mul", ["c", "columns"], ["y"]),
    ],
    {"w": random.standard_normal((8, 8, 3, 3)).astype(np.float32), "columns": np.linspace(0.5, 2, 8, dtype=np.float32)},
    [1, 8, 8, 8],
    [1, 8, 8, 8],
)
slim = onnxslim.slim(onnx.ModelProto.FromString(model.SerializeToString()))
right, found = as_written(model, x), as_written(slim, x)
by_filter = as_written(model, x) / np.linspace(0.5, 2, 8, dtype=np.float32) * np.linspace(0.5, 2, 8, dtype=np.float32)[:, None, None]
print([node.op_type for node in slim.graph.node], "relative difference", abs(found - right).max() / abs(right).max())
assert abs(found - right).max() > 0.1 * abs(right).max(), "no longer so"
assert abs(found - by_filter).max() < 1e-4 * abs(right).max(), "wrong in another way"
PYTHON
