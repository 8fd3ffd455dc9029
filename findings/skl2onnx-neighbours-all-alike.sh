#!/bin/sh
# skl2onnx lets the near and the far neighbour count the same where the nearer shall count more.
# Guess: weights="distance" needs the distances behind the TopK that finds the neighbours; a TopK that gives only the largest wants them negated, one that gives the smallest does not, and a sign that is turned once too often leaves no distance.
# Seen: with skl2onnx 1.20.0 (scikit-learn 1.9.1) KNeighborsRegressor and KNeighborsClassifier answer as with weights="uniform" at opsets 12 and 18: what TopK gives is negated, then held above 0.000001, which all of it becomes.
# ONNX Runtime 1.32.0 and the ONNX reference agree on what the file says. Faces and features of a CNN are looked up so.
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
from onnx.reference import ReferenceEvaluator
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

known = np.array([[0], [1], [3]], np.float32)
asked = np.array([[0.5], [0.1], [2.9]], np.float32)
ages = np.array([0.0, 10.0, 20.0])
for opset in (12, 18):
    answers = {}
    for weights in ("distance", "uniform"):
        model = KNeighborsRegressor(2, weights=weights).fit(known, ages)
        made = skl2onnx.to_onnx(model, known[:1], target_opset=opset)
        by_onnx = ort.InferenceSession(made.SerializeToString()).run(None, {"X": asked})[0].ravel()
        assert np.allclose(ReferenceEvaluator(made).run(None, {"X": asked})[0].ravel(), by_onnx)
        answers[weights] = (model.predict(asked), by_onnx)
        print("skl2onnx", skl2onnx.__version__, "opset", opset, weights, "scikit-learn", answers[weights][0].round(3), "ONNX", by_onnx.round(3))
    assert np.allclose(*answers["uniform"])
    assert np.allclose(answers["distance"][1], answers["uniform"][0]), "no longer so"
    assert abs(answers["distance"][0] - answers["distance"][1]).max() > 3, "no longer so"

classifier = KNeighborsClassifier(3, weights="distance").fit(known, [0, 1, 1])
made = skl2onnx.to_onnx(classifier, known[:1], options={"zipmap": False}, target_opset=18)
label = ort.InferenceSession(made.SerializeToString()).run(None, {"X": asked})[0]
print("classes: scikit-learn", classifier.predict(asked), "ONNX", label)
assert classifier.predict(asked)[1] == 0 and label[1] == 1, "no longer so"
PYTHON
