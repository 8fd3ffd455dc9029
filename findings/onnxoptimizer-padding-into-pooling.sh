#!/bin/sh
# ONNX Optimizer folds a Pad into the pooling behind it, whatever that pads with.
# Guess: the pass that fuses padding adds numbers of pads and forgets what stands in them: minus infinity for a maximum, nothing for a mean.
# Seen: with onnxoptimizer 0.4.2 zeros before MaxPool become minus infinity, and zeros before an AveragePool that has pads of its own are no longer counted.
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


x = np.array([[[-4, -3, -2, -1]]], np.float32)
for pooling, right, wrong in [("MaxPool", [0, -2, -1, 0], [-3, -2, -1, -1]), ("AveragePool", [-2, -7 / 3, -3, -2, -1, -0.5], None)]:
    own = {} if pooling == "MaxPool" else {"pads": [1, 1]}
    length = 4 if pooling == "MaxPool" else 6
    model = network(
        [
            helper.make_node("Pad", ["x", "pads", "zero"], ["p"]),
            helper.make_node(pooling, ["p"], ["y"], kernel_shape=[3], **own),
        ],
        {"pads": np.array([0, 0, 1, 0, 0, 1], np.int64), "zero": np.float32(0)},
        [1, 1, 4],
        [1, 1, length],
    )
    folded = onnxoptimizer.optimize(model, onnxoptimizer.get_fuse_and_elimination_passes())
    before, after = as_written(model, x).ravel(), as_written(folded, x).ravel()
    print(pooling, [node.op_type for node in folded.graph.node], before, after)
    assert len(folded.graph.node) == 1 and abs(before - after).max() > 0.1, "no longer so"
    if pooling == "MaxPool":
        assert before.tolist() == right and after.tolist() == wrong
PYTHON
