#!/bin/sh
# tinygrad enlarges another size than the axes of a Resize say.
# Guess: since opset 18 `axes` says which axes the scales are for; whoever lays them out over all axes has to put each where it belongs.
# Seen: tinygrad 0.14.0 (its own device in Python) gives a row of 4 by scales 1.5 and 2 on axis 3 the widths 4 and 2; with all four scales written out 6 and 8, as ONNX Runtime 1.32.0 has it in both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 tinygrad==0.14.0
cd "$folder"
DEV=PYTHON "$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper
from tinygrad import Tensor
from tinygrad.nn.onnx import OnnxRunner

ort.set_default_logger_severity(4)


def network(node, x, y, weights={}, opset=21):
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, x)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, y)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def by_runtime(model, x):
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]


def by_tinygrad(model, x):
    onnx.save(model, "model.onnx")
    return OnnxRunner("model.onnx")({"x": Tensor(x)})["y"].numpy()


x = np.array([0, 1, 2, 3], np.float32).reshape(1, 1, 1, 4)
for scale, wide, seen in [(1.5, 6, 4), (2.0, 8, 2)]:
    named = network(
        helper.make_node("Resize", ["x", "", "s"], ["y"], mode="linear", axes=[3]), x.shape, [1, 1, 1, wide], {"s": np.array([scale], np.float32)}
    )
    written_out = network(
        helper.make_node("Resize", ["x", "", "s"], ["y"], mode="linear"), x.shape, [1, 1, 1, wide], {"s": np.array([1, 1, 1, scale], np.float32)}
    )
    print(scale, "tinygrad", by_tinygrad(named, x).shape, "onnxruntime", by_runtime(named, x).shape)
    assert by_runtime(named, x).shape == by_runtime(written_out, x).shape == by_tinygrad(written_out, x).shape == (1, 1, 1, wide)
    assert by_tinygrad(named, x).shape == (1, 1, 1, seen), "no longer so"
PYTHON
