#!/bin/sh
# ncnn's remainder is C's, where a network of PyTorch means Python's.
# Guess: three things are called so: what is left under the next multiple below (Python, PyTorch's remainder), towards zero (C's fmod, PyTorch's fmod), and beside the nearest multiple (C's remainder, IEEE 754). Who writes an engine in C++ has the third by name.
# Seen: ncnn 1.0.20261020 answers 4.25 by 5 with -0.75 and 3.25 with -1.75, half of the range below zero; pnnx 20261020 converts torch.remainder and % to it, and neither says a word. torch 2.15.0 and numpy have 4.25 and 3.25.
# fmod agrees between whole numbers (5 by 5 it answers with 5). Angles and phases that are wrapped to a turn, and places in a grid, come out a whole turn off.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet pnnx==20261020 ncnn==1.0.20261020 torch==2.15.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - > said.txt 2>&1 <<'PYTHON' || { cat said.txt; exit 1; }
import math
from importlib.metadata import version

import ncnn
import numpy as np
import pnnx
import torch

FORMS = {"remainder": lambda x: torch.remainder(x, 5.0), "%": lambda x: x % 5.0, "fmod": lambda x: torch.fmod(x, 5.0)}


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        # A convolution, so that the converter sees which axis is the batch.
        self.first = torch.nn.Conv2d(1, 1, 1, bias=False)
        self.first.weight.data.fill_(1)

    def forward(self, x):
        x = self.first(x)
        return tuple(form(x) for form in FORMS.values())


# Between whole numbers, so that no answer hangs on how a quotient is rounded.
x = (np.arange(-3, 9, dtype=np.float32) + 0.25).reshape(1, 1, 3, 4)
net = Net().eval()
pnnx.export(net, "net.pt", torch.from_numpy(x), fp16=False)
loaded = ncnn.Net()
assert loaded.load_param("net.ncnn.param") == 0 and loaded.load_model("net.ncnn.bin") == 0
run = loaded.create_extractor()
run.input("in0", ncnn.Mat(x[0]).clone())
with torch.no_grad():
    by_torch = [values.numpy().ravel() for values in net(torch.from_numpy(x))]
for at, name in enumerate(FORMS):
    found = np.array(run.extract(f"out{at}")[1]).ravel()
    right = np.fmod(x, 5).ravel() if name == "fmod" else np.mod(x, 5).ravel()
    print("=> pnnx", version("pnnx"), "ncnn", version("ncnn"), name, "ncnn", found, "torch", torch.__version__, by_torch[at])
    assert np.allclose(by_torch[at], right)
    if name == "fmod":
        assert np.allclose(found, right)
    else:
        nearest = [math.remainder(value, 5) for value in x.ravel().tolist()]
        assert np.allclose(found, nearest) and not np.allclose(found, right), "no longer so"
PYTHON
grep "^=>" said.txt
! grep -i "unsupported\|remainder.*warn" said.txt
