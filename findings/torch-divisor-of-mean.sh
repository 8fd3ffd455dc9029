#!/bin/sh
# Both exporters of PyTorch leave out the divisor of AvgPool2d.
# Guess: divisor_override has no place in ONNX's AveragePool, and who exports it seldom looks.
# Seen: with torch 2.15.0 torch.onnx.export writes an AveragePool that divides by the window, by torch.export (dynamo=True, onnxscript 0.7.2) and by
# TorchScript (dynamo=False) alike, without a word: 4 in place of 2.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import onnxruntime as ort
import torch

x = torch.full((1, 1, 4, 4), 4.0)
pool = torch.nn.AvgPool2d(2, divisor_override=8).eval()
assert pool(x).unique().tolist() == [2]
for dynamo in [True, False]:
    torch.onnx.export(pool, (x,), "pool.onnx", dynamo=dynamo, verbose=False)
    session = ort.InferenceSession("pool.onnx")
    found = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
    print("dynamo", dynamo, "PyTorch", pool(x).unique().tolist(), "exported", found.ravel().tolist())
    assert found.ravel().tolist() == [4, 4, 4, 4], "no longer so"
PYTHON
