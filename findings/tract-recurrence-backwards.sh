#!/bin/sh
# tract reads a sequence from the front whatever direction says.
# Guess: `direction` of LSTM, GRU and RNN has three values; an engine for keyword spotting was tried with the first.
# Seen: tract 0.23.9 answers `reverse` exactly as `forward`, in all three; ONNX Runtime 1.32.0 tells them apart.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 tract==0.23.9
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
import tract
from onnx import helper, numpy_helper

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
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0].ravel()


def by_tract(model, x):
    onnx.save(model, "model.onnx")
    return tract.onnx().load("model.onnx").into_model().into_runnable().run([x])[0].to_numpy().ravel()


x = np.arange(3, dtype=np.float32).reshape(3, 1, 1)
for op, gates in [("LSTM", 4), ("GRU", 3), ("RNN", 1)]:
    weights = {"w": np.full((1, gates, 1), 0.5, np.float32), "r": np.full((1, gates, 1), 0.3, np.float32)}
    forward, reverse = [
        network(helper.make_node(op, ["x", "w", "r"], ["y"], hidden_size=1, direction=direction), x.shape, [3, 1, 1, 1], weights)
        for direction in ["forward", "reverse"]
    ]
    print(op, "forward", by_tract(forward, x), "reverse", by_tract(reverse, x), "onnxruntime", by_runtime(reverse, x))
    assert np.allclose(by_tract(forward, x), by_runtime(forward, x))
    assert not np.allclose(by_runtime(forward, x), by_runtime(reverse, x))
    assert np.allclose(by_tract(reverse, x), by_tract(forward, x)), "no longer so"
PYTHON
