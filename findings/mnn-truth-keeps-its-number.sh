#!/bin/sh
# MNN keeps the number where a Cast shall make truth of it.
# Guess: Cast to BOOL is not a change of type but a question, whether the number is other than 0; an engine that holds truth as whole numbers and casts by type alone hands the number on.
# Seen: mnn 3.6.1 answers 3 0 -2 cast to BOOL and back to FLOAT with 3 0 -2, the fraction cut off (0.5 is 0), where 1 0 1 is meant, and sums them so; from whole numbers too. Behind a comparison, Not(x = 0), the same truth counts as 1. ONNX Runtime
# 1.32.0 and numpy agree in all, neither converter nor engine warns. PyTorch's x.bool().sum(), which counts what is not 0 in a mask, exports so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet MNN==3.6.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
# Without an index mnnconvert can't install what it reports its use with.
PIP_NO_INDEX=1 PATH="$folder/python/bin:$PATH" python - <<'PYTHON'
import subprocess

import MNN
import numpy as np
import onnx
import onnxruntime as ort
from MNN import expr, nn
from onnx import parser

mask = np.array([3, 0, -2, 0.5, 1], np.float32)
# To 9 is BOOL, to 6 INT32, to 1 FLOAT; `counted` sums what `floats` is.
BODY = """{
  truth = Cast<to = 9>(x)        floats = Cast<to = 1>(truth)       counted = ReduceSum<keepdims = 1>(floats)
  whole = Cast<to = 6>(x)        of_whole = Cast<to = 9>(whole)     wholes = Cast<to = 1>(of_whole)
  nothing = Equal(x, zero)       something = Not(nothing)           compared = Cast<to = 1>(something)
}"""
NAMES = ["floats", "counted", "wholes", "compared"]
model = parser.parse_model(
    '<ir_version: 8, opset_import: ["" : 17]> g (float[5] x) => (float[5] floats, float[1] counted, float[5] wholes, float[5] compared) '
    f"<float zero = {{0}}> {BODY}"
)
onnx.checker.check_model(model, full_check=True)
onnx.save(model, "net.onnx")
said = subprocess.run(["mnnconvert", "-f", "ONNX", "--modelFile", "net.onnx", "--MNNModel", "net.mnn", "--bizCode", "x"], check=True, capture_output=True, text=True)
assert "cast" not in said.stdout.lower() + said.stderr.lower()
answers = nn.load_module_from_file("net.mnn", ["x"], NAMES).forward([expr.const(mask, [5], expr.NCHW)])
by_mnn = {name: np.array(answer.read()).ravel() for name, answer in zip(NAMES, answers)}
by_runtime = dict(zip(NAMES, ort.InferenceSession(model.SerializeToString()).run(NAMES, {"x": mask})))
truth = (mask != 0).astype(np.float32)
right = {"floats": truth, "counted": [truth.sum()], "wholes": (mask.astype(np.int32) != 0).astype(np.float32), "compared": truth}
kept = np.trunc(mask)
for name in NAMES:
    print("MNN", MNN.version(), name, "MNN", by_mnn[name], "ONNX Runtime", by_runtime[name])
    assert np.array_equal(by_runtime[name], right[name])
assert np.array_equal(by_mnn["compared"], truth)
for name, values in {"floats": kept, "counted": [kept.sum()], "wholes": kept}.items():
    assert np.array_equal(by_mnn[name], values), "no longer so"
PYTHON
