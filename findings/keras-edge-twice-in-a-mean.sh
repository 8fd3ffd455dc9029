#!/bin/sh
# Keras on PyTorch counts the last pixel twice in a mean over the edge, where Keras on JAX leaves the padding out.
# Guess: "same" may need one pixel more behind than in front, which PyTorch's own pooling can't pad; who pads by hand before it has to give up count_include_pad, and a repeated pixel, harmless to a maximum, has its share in a mean.
# Seen: keras 3.15.1 with torch 2.15.0 pools 0 1 2 3 4 8 by 3, 2 apart and "same", to 1 3 6.67, the last of 4, 8 and 8 again; with jax 0.10.2 to 1 3 6, as ONNX Runtime 1.32.0 does by SAME_UPPER, and so in two dimensions, where a corner counts
# four times. With 5 numbers, padded alike at both ends, all agree, and so do maxima. So a network that was trained on one backend answers otherwise on the other, along the right and the bottom of pictures of even size.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet keras==3.15.1 torch==2.15.0 jax==0.10.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
cat > pool.py <<'PYTHON'
import sys

import keras
import numpy as np

answers = {}
for name, x in np.load("given.npz").items():
    layer = getattr(keras.layers, f"{name.split()[0]}Pooling{x.ndim - 2}D")(3, strides=2, padding="same")
    answers[name] = np.moveaxis(keras.ops.convert_to_numpy(layer(np.moveaxis(x, 1, -1))), -1, 1)
np.savez(f"{keras.backend.backend()}.npz", **answers)
print("keras", keras.__version__, keras.backend.backend())
PYTHON
cat > compare.py <<'PYTHON'
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import parser


def by_runtime(kind, x):
    rank = x.ndim - 2
    window = f'kernel_shape = {[3] * rank}, strides = {[2] * rank}, auto_pad = "SAME_UPPER"'
    text = f'g (float{list(x.shape)} x) => (float[{",".join("nchw"[: rank + 2])}] y) {{ y = {kind}Pool<{window}>(x) }}'
    model = parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    onnx.checker.check_model(model, full_check=True)
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]


row = np.array([0, 1, 2, 3, 4, 8], np.float32)
square = np.add.outer(row, row)
pictures = {"6": row, "5": row[:5], "6 x 6": square, "5 x 5": square[:5, :5]}
given = {f"{kind} {size}": np.ascontiguousarray(values[None, None]) for size, values in pictures.items() for kind in ("Average", "Max")}
np.savez("given.npz", **given)
for backend in ("torch", "jax"):
    subprocess.run([sys.executable, "pool.py"], check=True, env={**os.environ, "KERAS_BACKEND": backend})
by_torch, by_jax = np.load("torch.npz"), np.load("jax.npz")
for name, x in given.items():
    torch, jax, runtime = by_torch[name], by_jax[name], by_runtime(name.split()[0], x)
    print(name, "torch", *torch.ravel(), "jax", *jax.ravel(), "ONNX Runtime", *runtime.ravel())
    assert np.allclose(jax, runtime)
    if name.startswith("Average 6"):
        values, axes = x[0, 0], x.ndim - 2
        repeated = np.pad(values, [(0, 1)] * axes, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(repeated, (3,) * axes)[(slice(None, None, 2),) * axes]
        means = windows.mean(axis=tuple(range(axes, 2 * axes)))
        assert np.allclose(torch[0, 0], means) and abs(torch - jax).max() > 0.5, "no longer so"
    else:
        assert np.allclose(torch, jax)
PYTHON
"$folder/python/bin/python" compare.py
