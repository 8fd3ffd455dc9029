#!/bin/sh
# ONNX's own version converter takes Softmax across opset 13 in one direction only.
# Guess: opset 13 changed Softmax, LogSoftmax and Hardmax from all axes behind `axis` to one; a converter needs a rule for each of the three, and one for each direction.
# Seen: onnx 1.23.2 rewrites Softmax and LogSoftmax on the way up. Hardmax it leaves as it is, and on the way down Softmax too: a map of 4 classes at 9 places sums to 1 in place of 9.
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
from onnx import helper, version_converter

ort.set_default_logger_severity(4)
x = np.random.default_rng(0).standard_normal((1, 4, 3, 3)).astype(np.float32)


def network(op, opset):
    graph = helper.make_graph(
        [helper.make_node(op, ["x"], ["y"], axis=1)],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, x.shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)
    onnx.checker.check_model(model, full_check=True)
    return model


def total(model):
    (y,) = ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})
    return y.sum()


def converted(op, before, after):
    model = version_converter.convert_version(network(op, before), after)
    onnx.checker.check_model(model, full_check=True)
    return total(model)


for op in ["Softmax", "Hardmax"]:
    assert abs(total(network(op, 11)) - 1) < 1e-4 and abs(total(network(op, 13)) - 9) < 1e-4
    print(op, "11", total(network(op, 11)), "to 13", converted(op, 11, 13))
print("Softmax 13", total(network("Softmax", 13)), "to 11", converted("Softmax", 13, 11))
assert abs(converted("Softmax", 11, 13) - 1) < 1e-4
assert abs(converted("Hardmax", 11, 13) - 9) < 1e-4, "no longer so"
assert abs(converted("Softmax", 13, 11) - 1) < 1e-4, "no longer so"
PYTHON
