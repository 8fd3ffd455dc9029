#!/bin/sh
# ONNX's own reference moves all windows of a pooling whose number is rounded up.
# Guess: with ceil_mode the last window hangs over the end, so the end needs more room; code that knows only the sum of both ends may share it out between them, which shows once it is 2 or more.
# Seen: onnx 1.23.2's ReferenceEvaluator lays half of the room in front: the means of 0 1 2 3 4 5 6 by windows of 3, 3 apart, are 0.5 3 5 in place of 1 4 6, and the 6 is in none of them. MaxPool of the same windows is right.
# ONNX Runtime 1.32.0 and windows in plain numpy agree in both, and so does the reference where the room is 1.
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
from onnx import parser
from onnx.reference import ReferenceEvaluator

FOLD = {"AveragePool": np.mean, "MaxPool": np.max}

# The length of the row, and how wide and how far apart its windows are; 1 and 2 numbers are missing behind the end.
for length, wide, stride, missing in [(7, 2, 2, 1), (7, 3, 3, 2)]:
    row = np.arange(length, dtype=np.float32)
    starts = range(0, length, stride)
    assert starts[-1] + wide - length == missing
    for operator, fold in FOLD.items():
        model = parser.parse_model(
            f'<ir_version: 9, opset_import: ["" : 19]> g (float[1,1,{length}] x) => (float[1,1,{len(starts)}] y) '
            f"{{ y = {operator}<kernel_shape = [{wide}], strides = [{stride}], ceil_mode = 1>(x) }}"
        )
        onnx.checker.check_model(model, full_check=True)
        by_hand = [fold(row[start : start + wide]) for start in starts]
        by_runtime = ort.InferenceSession(model.SerializeToString()).run(None, {"x": row[None, None]})[0].ravel()
        found = ReferenceEvaluator(model).run(None, {"x": row[None, None]})[0].ravel()
        print("onnx", onnx.__version__, operator, "of", wide, "reference", found, "ONNX Runtime", by_runtime)
        assert np.allclose(by_runtime, by_hand)
        if missing == 1 or operator == "MaxPool":
            assert np.allclose(found, by_hand)
        else:
            moved = [fold(row[max(start - 1, 0) : min(start - 1 + wide, length - 1)]) for start in starts]
            assert np.allclose(found, moved), "no longer so"
PYTHON
