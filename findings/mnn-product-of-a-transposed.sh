#!/bin/sh
# MNN answers a Gemm whose first operand is transposed in another order, under the shape that is meant.
# Guess: of Gemm's two transpositions exporters use the one of the weight (transB) for every dense layer, and hardly any the one of the data (transA), so that a mistake there stays.
# Seen: mnn 3.6.1 answers a of 2 × 3, transposed, times w of 2 × 4 with the twelve right numbers laid column by column into 3 × 4; with a bias, and with transB besides, likewise. Without transA, or with a Transpose before a MatMul, it is right.
# ONNX Runtime 1.32.0 and numpy agree in all; neither converter nor engine warns. Optimizers fold a Transpose into Gemm so.
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
from onnx import numpy_helper, parser

a = np.arange(6, dtype=np.float32).reshape(2, 3)
w = np.array([[1, 0, 2, 1], [0, 1, 1, 1]], np.float32)
given = {"w": w, "v": np.ascontiguousarray(w.T), "c": np.array([1, 2, 3, 4], np.float32)}
# `summed` is read inside the network, so that the order is no matter of how an answer is fetched.
BODY = """{
  plain = Gemm<transA = 1>(x, w)                  biased = Gemm<transA = 1>(x, w, c)     both = Gemm<transA = 1, transB = 1>(x, v)
  summed = ReduceSum<keepdims = 1>(plain, rows)   turned = Transpose<perm = [1, 0]>(x)   product = MatMul(turned, w)     dense = Gemm(turned, w)
}"""
right = {"plain": a.T @ w, "biased": a.T @ w + given["c"], "both": a.T @ w, "summed": (a.T @ w).sum(1, keepdims=True), "product": a.T @ w, "dense": a.T @ w}
outputs = ", ".join(f"float[3,{values.shape[1]}] {name}" for name, values in right.items())
model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> g (float[2,3] x) => ({outputs}) <int64[1] rows = {{1}}> {BODY}')
model.graph.initializer.extend(numpy_helper.from_array(values, name) for name, values in given.items())
onnx.checker.check_model(model, full_check=True)
onnx.save(model, "net.onnx")
said = subprocess.run(["mnnconvert", "-f", "ONNX", "--modelFile", "net.onnx", "--MNNModel", "net.mnn", "--bizCode", "x"], check=True, capture_output=True, text=True)
assert "gemm" not in said.stdout.lower() + said.stderr.lower()
answers = nn.load_module_from_file("net.mnn", ["x"], list(right)).forward([expr.const(a, [2, 3], expr.NCHW)])
by_runtime = ort.InferenceSession(model.SerializeToString()).run(list(right), {"x": a})
for (name, values), answer, runtime in zip(right.items(), answers, by_runtime):
    found = np.array(answer.read()).reshape(answer.shape)
    print("MNN", MNN.version(), name, "MNN", *found, "ONNX Runtime", *runtime)
    assert np.array_equal(runtime, values) and found.shape == values.shape
    if name in ("product", "dense"):
        assert np.array_equal(found, values)
    else:
        laid = (a.T @ w).T.reshape(3, 4).sum(1, keepdims=True) if name == "summed" else values.T.reshape(3, 4)
        assert np.array_equal(found, laid) and not np.array_equal(found, values), "no longer so"
PYTHON
