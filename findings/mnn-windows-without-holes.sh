#!/bin/sh
# MNN lays the windows of a dilated pooling without their holes.
# Guess: `dilations` came to MaxPool with opset 10 and to AveragePool with 19; an engine whose pooling was made before, and whose file has no place for them, reads the rest of the node.
# Seen: mnn 3.6.1 converts both and answers as for dilations of 1, with a larger map than the file says; a Conv with dilations beside them is right. ONNX Runtime 1.32.0 does as the file says in all three, neither converter nor engine warns.
# PyTorch's MaxPool2d(dilation=2), of backbones that keep their resolution for segmentation, exports so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet MNN==3.6.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
PATH="$folder/python/bin:$PATH" python - <<'PYTHON'
import subprocess

import MNN
import numpy as np
import onnx
import onnxruntime as ort
from MNN import expr, nn
from onnx import parser

HEAD = '<ir_version: 9, opset_import: ["" : 19]> g (float[1,1,6,6] x) => (float[1,1,h,w] y) '
picture = np.arange(36, dtype=np.float32).reshape(1, 1, 6, 6)


def by_mnn(model):
    onnx.save(model, "net.onnx")
    said = subprocess.run(["mnnconvert", "-f", "ONNX", "--modelFile", "net.onnx", "--MNNModel", "net.mnn", "--bizCode", "x"], check=True, capture_output=True, text=True)
    assert "dilation" not in said.stdout.lower() + said.stderr.lower()
    answer = nn.load_module_from_file("net.mnn", ["x"], ["y"]).forward([expr.const(picture, [1, 1, 6, 6], expr.NCHW)])[0]
    return np.array(expr.convert(answer, expr.NCHW).read())[0, 0]


def by_runtime(model):
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": picture})[0][0, 0]


def network(operator, dilation):
    weights = "<float[1,1,2,2] k = {1, 2, 3, 4}> " if operator == "Conv" else ""
    taken = "x, k" if operator == "Conv" else "x"
    return parser.parse_model(HEAD + weights + f"{{ y = {operator}<kernel_shape = [2, 2], strides = [1, 1], dilations = [{dilation}, {dilation}]>({taken}) }}")


for operator in ("Conv", "MaxPool", "AveragePool"):
    model = network(operator, 2)
    onnx.checker.check_model(model, full_check=True)
    right, found, plain = by_runtime(model), by_mnn(model), by_runtime(network(operator, 1))
    print("MNN", MNN.version(), operator, "with holes: MNN", found.shape, found.ravel()[:3], "ONNX Runtime", right.shape, right.ravel()[:3])
    assert right.shape == (4, 4) and plain.shape == (5, 5)
    if operator == "Conv":
        assert np.allclose(found, right)
    else:
        assert found.shape == plain.shape and np.allclose(found, plain), "no longer so"
PYTHON
