#!/bin/sh
# pnnx turns a padding that goes round in a circle into zeros.
# Guess: ncnn's Padding knows three kinds, a constant, the edge and the mirror; PyTorch has a fourth, circular, and a table from one to the other that lacks it leaves 0, which is the number of the first.
# Seen: pnnx 20261020 converts pad(mode="circular") to a Padding by 0 and says nothing, and ncnn 1.0.20261020 answers with zeros along the edges; reflect and replicate are right. PyTorch 2.15.0 and numpy's pad of mode wrap agree in all.
# (Of the same padding inside a Conv2d pnnx does say that it is not supported.) Panoramas, maps of the whole earth and rows around a lidar have no edge there.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet pnnx==20261020 ncnn==1.0.20261020 torch==2.15.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - > said.txt 2>&1 <<'PYTHON' || { cat said.txt; exit 1; }
from importlib.metadata import version

import ncnn
import numpy as np
import pnnx
import torch

MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        # A convolution, so that the converter sees which axis is the batch.
        self.first = torch.nn.Conv2d(1, 1, 1, bias=False)
        self.first.weight.data.fill_(1)

    def forward(self, x):
        x = self.first(x)
        return tuple(torch.nn.functional.pad(x, (1, 1, 1, 1), mode=mode) for mode in MODES)


x = np.arange(1, 13, dtype=np.float32).reshape(1, 1, 3, 4)
net = Net().eval()
pnnx.export(net, "net.pt", torch.from_numpy(x), fp16=False)
loaded = ncnn.Net()
assert loaded.load_param("net.ncnn.param") == 0 and loaded.load_model("net.ncnn.bin") == 0
run = loaded.create_extractor()
run.input("in0", ncnn.Mat(x[0]).clone())
found = [np.array(run.extract(f"out{at}")[1])[0] for at in range(len(MODES))]
with torch.no_grad():
    by_torch = [values[0, 0].numpy() for values in net(torch.from_numpy(x))]
for at, (mode, name) in enumerate(MODES.items()):
    right = np.pad(x[0, 0], 1, mode=name)
    print("=> pnnx", version("pnnx"), "ncnn", version("ncnn"), mode, "ncnn", found[at][0], "torch", torch.__version__, by_torch[at][0])
    assert np.allclose(by_torch[at], right)
    assert np.allclose(found[at], np.pad(x[0, 0], 1) if mode == "circular" else right), "no longer so"
PYTHON
grep "^=>" said.txt
! grep -i "unsupported\|circular.*warn" said.txt
