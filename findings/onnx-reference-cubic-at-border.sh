#!/bin/sh
# ONNX's own reference moves a cubic sample to the border before it weighs its neighbours.
# Guess: with padding_mode border it is the neighbours that are held inside, not the position; between the two only samples outside or near the edge differ.
# Seen: onnx 1.23.2's ReferenceEvaluator holds the position inside, ONNX Runtime 1.32.0 the neighbours, as Keys' kernel over a padded image has it. With zeros and reflection all agree.
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
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

ort.set_default_logger_severity(4)
row = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
outside = np.array([[[[1.1, 0.3], [0.2, 0.1]]]], np.float32)


def sampled(padding):
    graph = helper.make_graph(
        [helper.make_node("GridSample", ["x", "grid"], ["y"], mode="cubic", padding_mode=padding, align_corners=1)],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 1, 4, 4])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 1, 1, 2])],
        [numpy_helper.from_array(outside, "grid")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    runtime = ort.InferenceSession(model.SerializeToString()).run(None, {"x": row})[0].ravel()
    return runtime, ReferenceEvaluator(model).run(None, {"x": row})[0].ravel()


def by_definition():
    """Keys' kernel with a = -0.75, neighbours held inside."""
    inside = lambda at: min(3, max(0, at))
    weight = lambda d: (1.25 * d - 2.25) * d * d + 1 if d <= 1 else ((-0.75 * d + 3.75) * d - 6) * d + 3
    answers = []
    for x, y in (outside[0, 0] + 1) / 2 * 3:
        left, top = int(np.floor(x)), int(np.floor(y))
        answers.append(
            sum(
                row[0, 0, inside(j), inside(i)] * weight(abs(x - i)) * weight(abs(y - j))
                for j in range(top - 1, top + 3)
                for i in range(left - 1, left + 3)
            )
        )
    return np.array(answers)


for padding in ["border", "zeros", "reflection"]:
    print(padding, "onnxruntime", sampled(padding)[0], "reference", sampled(padding)[1])
assert np.allclose(sampled("border")[0], by_definition(), atol=1e-4)
for padding in ["zeros", "reflection"]:
    assert np.allclose(*sampled(padding), atol=1e-4)
assert abs(sampled("border")[1] - by_definition()).max() > 0.01, "no longer so"
PYTHON
