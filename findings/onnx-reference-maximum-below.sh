#!/bin/sh
# ONNX's own reference forgets the padding of a MaxPool with SAME_LOWER.
# Guess: auto_pad has two forms that pad; the rarer one is where code forgets, and what shape inference says is the witness.
# Seen: onnx 1.23.2's ReferenceEvaluator answers as with VALID, windows and shape, where its own shape inference says ceil(7 / 2) = 4; AveragePool beside it is right. ONNX Runtime 1.32.0 is right in both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper
from onnx.reference import ReferenceEvaluator

ort.set_default_logger_severity(4)


def network(node, x, y):
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, x)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, y)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def by_reference(model, x):
    return ReferenceEvaluator(model).run(None, {"x": x})[0].ravel()


def by_runtime(model, x):
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0].ravel()


x = np.arange(7, dtype=np.float32).reshape(1, 1, 1, 7)


def pooled(op):
    node = helper.make_node(op, ["x"], ["y"], kernel_shape=[1, 2], strides=[1, 2], auto_pad="SAME_LOWER")
    return network(node, [1, 1, 1, 7], [1, 1, 1, 4])


for op in ["MaxPool", "AveragePool"]:
    print(op, "reference", by_reference(pooled(op), x), "onnxruntime", by_runtime(pooled(op), x))
assert by_runtime(pooled("MaxPool"), x).tolist() == [0, 2, 4, 6]
assert by_reference(pooled("AveragePool"), x).tolist() == by_runtime(pooled("AveragePool"), x).tolist()
assert by_reference(pooled("MaxPool"), x).tolist() == [2, 4, 6], "no longer so"
PYTHON
