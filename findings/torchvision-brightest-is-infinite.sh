#!/bin/sh
# torchvision makes infinity of the brightest pixels of a 16-bit picture in half precision.
# Guess: ToDtype with scale=True brings whole numbers to 0 ... 1; whoever changes the type before dividing by 65535 passes through numbers that half precision does not have: it ends at 65504.
# Seen: with torchvision 0.29.2 (torch 2.15.0) 65520 and more of a uint16 picture become infinite, and so does 100000 of an int32 one though its range is 2147483647; in float32 and bfloat16 the brightest is 1.
# By way of float32 half precision has 1 too. Cameras' and scanners' saturated pixels are 65535, and one of them makes all that a convolution of it reaches infinite or NaN.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet torchvision==0.29.2 torch==2.15.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import numpy as np
import torch
import torchvision
from torchvision.transforms import v2

numbers = np.array([0, 32768, 65504, 65520, 65535])
picture = torch.from_numpy(numbers.astype(np.uint16)).reshape(1, 1, -1)
scaled = {kind: v2.ToDtype(kind, scale=True)(picture).flatten() for kind in (torch.float32, torch.bfloat16, torch.float16)}
for kind, values in scaled.items():
    print("torchvision", torchvision.__version__, "uint16", numbers, kind, values.tolist())
by_way = v2.ToDtype(torch.float16)(v2.ToDtype(torch.float32, scale=True)(picture)).flatten()
wide = v2.ToDtype(torch.float16, scale=True)(torch.full((1, 1, 1), 100_000, dtype=torch.int32))
print("float16 by way of float32", by_way.tolist(), "int32 100000", wide.item())
assert np.allclose(scaled[torch.float32], numbers / 65535) and np.allclose(scaled[torch.bfloat16].float(), numbers / 65535, atol=0.005)
assert np.allclose(by_way.float(), numbers / 65535, atol=0.001)
assert torch.isinf(scaled[torch.float16]).tolist() == [False, False, False, True, True], "no longer so"
assert torch.isinf(wide).all(), "no longer so"
PYTHON
