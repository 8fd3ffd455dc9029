#!/bin/sh
# onnxscript's optimizer folds a BatchNormalization in training mode with the statistics that it does not use.
# Guess: training_mode=1 normalises by the batch itself; who folds a norm into the layer before it by its stored mean and variance has to look at that attribute.
# Seen: with onnxscript 0.7.2 optimize makes one Conv of Conv and BatchNormalization whatever training_mode says: the channels of the answer have other means than the norm's bias, ONNX Runtime 1.32.0 and plain numpy have those.
# So a network that was exported for training answers otherwise, and its running statistics are no longer there.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnxscript==0.7.2 onnx-ir==1.1.0 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
import onnxscript
from onnx import TensorProto, helper, numpy_helper
from onnxscript import optimizer

chance = np.random.default_rng(0)
draw = lambda *shape: chance.normal(size=shape).astype(np.float32)
weights = {"w": draw(3, 2, 3, 3), "scale": draw(3), "bias": draw(3), "mean": draw(3) + 5, "var": np.abs(draw(3)) + 3}
picture = draw(4, 2, 6, 6)


def made(training):
    attributes = {"training_mode": 1} if training else {}
    outputs = ["y", "next_mean", "next_var"] if training else ["y"]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"]),
            helper.make_node("BatchNormalization", ["c", "scale", "bias", "mean", "var"], outputs, **attributes),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, 2, 6, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4, 3, 4, 4])],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def run(model):
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": picture})[0]


for training in (False, True):
    model = made(training)
    before = run(model)
    optimized = optimizer.optimize(model)
    after = run(optimized)
    print("onnxscript", onnxscript.__version__, "training_mode", int(training), [node.op_type for node in optimized.graph.node])
    print(" means of channels: bias of the norm", weights["bias"], "before", before.mean((0, 2, 3)), "after", after.mean((0, 2, 3)))
    if training:
        assert np.allclose(before.mean((0, 2, 3)), weights["bias"], atol=1e-4)
        assert np.abs(after - before).max() > 0.5, "no longer so"
    else:
        assert np.allclose(after, before, atol=1e-4)
PYTHON
