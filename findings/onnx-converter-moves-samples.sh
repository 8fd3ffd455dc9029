#!/bin/sh
# ONNX's own version converter moves the samples of a Resize.
# Guess: in opset 11 the default of Resize went from asymmetric to half-pixel coordinates; a converter that only adds the new inputs leaves the default to change the network.
# Seen: onnx 1.23.2 converts a Resize of opset 10 and an Upsample of opset 9 to opset 11 without the old coordinates: a row 0 100 200 100 was 0 50 100 150 200 150 100 100 and is 0 25 75 125 175 175 125 100.
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
from onnx import helper, numpy_helper, version_converter

ort.set_default_logger_severity(4)


def enlarged(op, opset):
    graph = helper.make_graph(
        [helper.make_node(op, ["x", "scales"], ["y"], mode="linear")],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 1, 1, 4])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 1, 1, 8])],
        [numpy_helper.from_array(np.array([1, 1, 1, 2], np.float32), "scales")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def answer(model):
    row = np.array([[[[0, 100, 200, 100]]]], np.float32)
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": row})[0].ravel()


for op, opset in [("Resize", 10), ("Upsample", 9)]:
    old = enlarged(op, opset)
    new = version_converter.convert_version(old, 11)
    onnx.checker.check_model(new, full_check=True)
    print(op, opset, answer(old), "converted to 11", answer(new))
    assert np.allclose(answer(old), [0, 50, 100, 150, 200, 150, 100, 100])
    assert np.allclose(answer(new), [0, 25, 75, 125, 175, 175, 125, 100]), "no longer so"
PYTHON
