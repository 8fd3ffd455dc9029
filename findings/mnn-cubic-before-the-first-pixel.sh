#!/bin/sh
# MNN gives the first row and column of a picture that is enlarged by cubic Resize the numbers of the third.
# Guess: half-pixel coordinates put the first sample before the first pixel, at -0.25 for twice the size; whoever holds its neighbours inside the picture before counting the four of them takes them around another place.
# Seen: mnn 3.6.1 answers at -0.25 as at 0.75, so that the first row and column are the third ones again; a ramp begins with 17.70 17.22 17.70 in place of 16.93 17.22 17.70. All other samples are right, the far border too, and so are linear
# and asymmetric ones. ONNX Runtime 1.32.0 and Keys' kernel in plain numpy agree everywhere. PyTorch's interpolate(mode="bicubic", align_corners=False) exports so.
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

picture = (np.arange(6)[:, None] * 10 + np.arange(6)).astype(np.float32)[None, None]
HEAD = '<ir_version: 8, opset_import: ["" : 17]> g (float[1,1,6,6] x) => (float[1,1,12,12] y) <int64[4] s = {1, 1, 12, 12}> '


def cubic(values, positions):
    """Keys' kernel with a = -0.75 along the first axis; a place outside has the value of the nearest one inside."""
    first = np.floor(positions).astype(int)
    total = 0
    for step in range(-1, 3):
        far = np.abs(positions - first - step)
        near_weight = (1.25 * far - 2.25) * far * far + 1
        far_weight = -0.75 * (((far - 5) * far + 8) * far - 4)
        weight = np.where(far <= 1, near_weight, far_weight)
        total = total + weight[:, None] * values[np.clip(first + step, 0, 5)]
    return total


def by_mnn(model):
    onnx.save(model, "net.onnx")
    subprocess.run(["mnnconvert", "-f", "ONNX", "--modelFile", "net.onnx", "--MNNModel", "net.mnn", "--bizCode", "x"], check=True, capture_output=True)
    answer = nn.load_module_from_file("net.mnn", ["x"], ["y"]).forward([expr.const(picture, [1, 1, 6, 6], expr.NCHW)])[0]
    return np.array(expr.convert(answer, expr.NCHW).read())[0, 0]


np.set_printoptions(precision=2, suppress=True)
for mode, coordinates in [("linear", "half_pixel"), ("cubic", "asymmetric"), ("cubic", "half_pixel")]:
    model = parser.parse_model(HEAD + f'{{ y = Resize<mode = "{mode}", coordinate_transformation_mode = "{coordinates}">(x, , , s) }}')
    onnx.checker.check_model(model, full_check=True)
    right = ort.InferenceSession(model.SerializeToString()).run(None, {"x": picture})[0][0, 0]
    found = by_mnn(model)
    print("MNN", MNN.version(), mode, coordinates, "fifth row: MNN", found[4], "ONNX Runtime", right[4])
    if mode == "cubic":
        places = np.arange(12) / 2 - (0.25 if coordinates == "half_pixel" else 0)
        assert np.allclose(cubic(cubic(picture[0, 0], places).T, places).T, right, atol=1e-4)
    if (mode, coordinates) == ("cubic", "half_pixel"):
        assert np.allclose(found[1:, 1:], right[1:, 1:], atol=1e-3)
        assert np.abs(right[:, 0] - right[:, 2]).min() > 0.7
        assert np.allclose(found[:, 0], found[:, 2]) and np.allclose(found[0], found[2]), "no longer so"
    else:
        assert np.allclose(found, right, atol=1e-3)
PYTHON
