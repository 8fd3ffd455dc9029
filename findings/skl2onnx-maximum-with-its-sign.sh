#!/bin/sh
# skl2onnx divides by the largest number where scikit-learn divides by the largest magnitude.
# Guess: ONNX's Normalizer has MAX, L1 and L2 as scikit-learn's has max, l1 and l2; its MAX is x / max(x), scikit-learn's norm is the largest |x|, and with pixels or other numbers above 0 no test tells the two apart.
# Seen: with skl2onnx 1.20.0 (scikit-learn 1.9.1) Normalizer("max") makes -1, 0.5, 0.25 of -4, 2, 1 in scikit-learn and -2, 1, 0.5 in ONNX; a row below 0 changes all its signs. l1 and l2, and rows above 0, agree. ONNX Runtime 1.32.0 does what ONNX says.
# Features of a CNN behind anything but a ReLU have such rows, and what comes behind the Normalizer answers for other data.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet skl2onnx==1.20.0 scikit-learn==1.9.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime as ort
import skl2onnx
from sklearn.preprocessing import Normalizer

rows = np.array([[1, 2, 4], [-4, 2, 1], [-4, -2, -1]], np.float32)
np.set_printoptions(precision=2, suppress=True)
for norm in ("l1", "l2", "max"):
    model = Normalizer(norm).fit(rows)
    made = skl2onnx.to_onnx(model, rows[:1], target_opset=18)
    by_onnx = ort.InferenceSession(made.SerializeToString()).run(None, {"X": rows})[0]
    right = model.transform(rows)
    print("skl2onnx", skl2onnx.__version__, norm, "scikit-learn", *right, "ONNX", *by_onnx)
    assert np.allclose(by_onnx[0], right[0])
    if norm == "max":
        assert np.allclose(right, rows / abs(rows).max(1, keepdims=True))
        assert np.allclose(by_onnx[1:], [[-2, 1, 0.5], [4, 2, 1]]), "no longer so"
    else:
        assert np.allclose(by_onnx, right)
PYTHON
