#!/bin/sh
# Keras enlarges a picture by one cubic kernel on PyTorch and by another on JAX.
# Guess: the cubic kernel has a free number, -0.5 in Pillow and TensorFlow, -0.75 in OpenCV and PyTorch; who hands "bicubic" on to the backend gets the backend's, and PyTorch itself takes -0.5 as soon as it antialiases.
# Seen: keras 3.15.1 enlarges by UpSampling2D, Resizing and ops.image.resize on torch 2.15.0 as onnxruntime 1.32.0 does by cubic_coeff_a = -0.75, on jax 0.10.2 by -0.5 with exclude_outside = 1, more than 5 of 255 apart; with antialias=True both backends agree, on the
# second, though nothing is antialiased where a picture grows. "bilinear" and "nearest" agree. A network that was trained on one backend sees other pictures, and other maps inside, on the other.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet keras==3.15.1 torch==2.15.0 jax==0.10.2 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
cat > enlarge.py <<'PYTHON'
import keras
import numpy as np

x = np.load("picture.npy")
size = (16, 20)
answers = {}
for mode in ("nearest", "bilinear", "bicubic"):
    answers[f"{mode} UpSampling2D"] = keras.layers.UpSampling2D(2, interpolation=mode)(x)
    answers[f"{mode} Resizing"] = keras.layers.Resizing(*size, interpolation=mode)(x)
    answers[f"{mode} resize"] = keras.ops.image.resize(x, size, interpolation=mode)
    answers[f"{mode} antialias"] = keras.ops.image.resize(x, size, interpolation=mode, antialias=True)
np.savez(f"{keras.backend.backend()}.npz", **{name: keras.ops.convert_to_numpy(values) for name, values in answers.items()})
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

x = np.random.default_rng(0).integers(0, 256, (1, 8, 10, 3)).astype(np.float32)
np.save("picture.npy", x)
for backend in ("torch", "jax"):
    subprocess.run([sys.executable, "enlarge.py"], check=True, env={**os.environ, "KERAS_BACKEND": backend})


def by_runtime(attributes):
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[1,3,8,10] x) => (float[1,3,16,20] y) <float[4] scales = {1, 1, 2, 2}> '
        f'{{ y = Resize<mode = "cubic", {attributes}>(x, , scales) }}'
    )
    onnx.checker.check_model(model, full_check=True)
    answer = ort.InferenceSession(model.SerializeToString()).run(None, {"x": np.ascontiguousarray(x.transpose(0, 3, 1, 2))})[0]
    return answer.transpose(0, 2, 3, 1)


opencv, pillow = by_runtime("cubic_coeff_a = -0.75"), by_runtime("cubic_coeff_a = -0.5, exclude_outside = 1")
by_torch, by_jax = np.load("torch.npz"), np.load("jax.npz")
for name in by_torch:
    torch, jax = by_torch[name], by_jax[name]
    print(name, "first row: torch", np.round(torch[0, 4, 4:8, 0], 2), "jax", np.round(jax[0, 4, 4:8, 0], 2), "largest difference", float(abs(torch - jax).max()))
    if name.startswith("bicubic") and not name.endswith("antialias"):
        assert np.allclose(torch, opencv, atol=0.01) and np.allclose(jax, pillow, atol=0.01) and abs(torch - jax).max() > 5, "no longer so"
    else:
        assert np.allclose(torch, jax, atol=0.01)
        assert not name.startswith("bicubic") or np.allclose(jax, pillow, atol=0.01)
PYTHON
"$folder/python/bin/python" compare.py
