#!/bin/sh
# ONNX Runtime's own quantiser writes a file that ONNX Runtime refuses, of a network of an older opset quantised by channel.
# Guess: quantize_static raises the opset to what its nodes need, as it does from 10 to 11; DequantizeLinear has an axis, which scales by channel need, from 13 on only.
# Seen: with onnxruntime 1.32.0 a valid network of opset 11 comes out as opset 11 with `axis` on DequantizeLinear. No word of it while quantising; a session then ends with "Unrecognized attribute: axis",
# and onnx.checker finds the same. By tensor, or with the same network at opset 13, the file loads.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import logging

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, quantize_static

logging.disable(logging.WARNING)
ort.set_default_logger_severity(4)
random = np.random.default_rng(0)
images = [random.standard_normal((1, 3, 8, 8)).astype(np.float32) for _ in range(4)]


class Reader(CalibrationDataReader):
    def __init__(self):
        self.images = iter(images)

    def get_next(self):
        image = next(self.images, None)
        return None if image is None else {"x": image}


def write(opset):
    kernel = random.standard_normal((4, 3, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 4, 8, 8])],
        [numpy_helper.from_array(kernel, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, f"{opset}.onnx")


def quantised(opset, per_channel):
    quantize_static(f"{opset}.onnx", "out.onnx", Reader(), per_channel=per_channel)
    model = onnx.load("out.onnx")
    axes = [a.i for n in model.graph.node if n.op_type == "DequantizeLinear" for a in n.attribute if a.name == "axis"]
    try:
        ort.InferenceSession("out.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": images[0]})
        said = "runs"
    except Exception as error:
        said = str(error)
    try:
        onnx.checker.check_model(model)
        checked = "valid"
    except onnx.checker.ValidationError as error:
        checked = str(error)
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    print(opset, "by channel" if per_channel else "by tensor", opsets, "axes", axes, said[:160].replace("\n", " "), checked[:120].replace("\n", " "))
    return opsets[""], axes, said, checked


for opset in (11, 13):
    write(opset)
opset, axes, said, checked = quantised(11, True)
assert opset < 13 and axes and "axis" in said and said != "runs" and "axis" in checked, "no longer so"
assert quantised(11, False)[2] == "runs", "by tensor it is wrong as well"
assert quantised(13, True)[2:] == ("runs", "valid"), "at opset 13 it is wrong as well"
PYTHON
