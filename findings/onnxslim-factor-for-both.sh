#!/bin/sh
# OnnxSlim gives a factor behind one of two branches to both.
# Guess: a product behind Gemm and Reshape goes into the weights of the Gemm; that is right as long as nothing else reads what the Gemm answers.
# Seen: with onnxslim 0.1.98 logits that are read once as they are and once scaled come out scaled in both places: ONNX Runtime 1.32.0 has 1 2 3 4 before, 10 20 30 40 after. With one reader all is right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet onnxslim==0.1.98 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime as ort
import onnxslim
from onnx import numpy_helper, parser

weights = {
    "w": np.array([[1, 0], [2, 0], [3, 0], [4, 0]], np.float32),
    "bias": np.zeros(4, np.float32),
    "sizes": np.array([1, 1, 4], np.int64),
    "factor": np.full(4, 10, np.float32),
}
SCALED = "l = Gemm<transB = 1>(x, w, bias) r = Reshape(l, sizes) scaled = Mul(r, factor)"
HEAD = '<ir_version: 8, opset_import: ["" : 17]> g (float[1,2] x) => '
one = parser.parse_model(HEAD + "(float[1,1,4] scaled) { " + SCALED + " }")
two = parser.parse_model(HEAD + "(float[1,1,4] scaled, float[1,4] plain) { " + SCALED + " plain = Relu(l) }")
x = np.array([[1, 0]], np.float32)
for name, model in {"one reader": one, "two readers": two}.items():
    for key, values in weights.items():
        model.graph.initializer.append(numpy_helper.from_array(values, key))
    onnx.checker.check_model(model, full_check=True)
    run = lambda network: [answer.ravel().tolist() for answer in ort.InferenceSession(network.SerializeToString()).run(None, {"x": x})]
    before = run(model)
    after = run(onnxslim.slim(model))
    print("onnxslim", onnxslim.__version__, name, "before", before, "after", after)
    assert before[0] == after[0] == [10, 20, 30, 40]
    if name == "two readers":
        assert before[1] == [1, 2, 3, 4]
        assert after[1] == [10, 20, 30, 40], "no longer so"
PYTHON
