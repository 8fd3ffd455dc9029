#!/bin/sh
# Counters of multiply-accumulates take a transposed convolution for a convolution.
# Guess: a kernel is laid over every position that a convolution makes, but over every position that a transposed one reads; counting by the output is too much by the stride squared.
# Seen: thop 0.1.1 and torchinfo 1.8.0 count 4 times too much with stride 2; ptflops 0.7.5 and PyTorch 2.15.0's own counter are right. So a plan by such counts spends its cuts on decoders.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet thop==0.1.1.post2209072238 torchinfo==1.8.0 ptflops==0.7.5 torch==2.15.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import torch
from thop import profile
from torchinfo import summary
from ptflops import get_model_complexity_info
from torch.utils.flop_counter import FlopCounterMode


def counts(layer):
    """Multiply-accumulates of a layer on one 16 x 16 image of 8 channels."""
    image = torch.zeros(1, 8, 16, 16)
    layer.eval()
    with FlopCounterMode(display=False) as flops:
        layer(image)
    found = {
        "torch": flops.get_total_flops() // 2,
        "thop": int(profile(layer, (image,), verbose=False)[0]),
        "torchinfo": summary(layer, input_data=image, verbose=0).total_mult_adds,
        "ptflops": get_model_complexity_info(layer, (8, 16, 16), as_strings=False, print_per_layer_stat=False, verbose=False)[0],
    }
    print(type(layer).__name__, found)
    return found


even = counts(torch.nn.ConvTranspose2d(8, 16, 3, 1, 1, bias=False))
assert len(set(even.values())) == 1
twice = counts(torch.nn.ConvTranspose2d(8, 16, 4, 2, 1, bias=False))
assert twice["torch"] == twice["ptflops"] == 16 * 16 * 8 * 16 * 4 * 4
assert twice["thop"] == twice["torchinfo"] == 4 * twice["torch"], "no longer so"
PYTHON
