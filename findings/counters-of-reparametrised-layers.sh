#!/bin/sh
# Counters of multiply-accumulates see nothing where a layer's weight is computed.
# Guess: they know layers by their class, and PyTorch gives a layer another class while a parametrisation (weight or spectral norm) is on it.
# Seen: thop 0.1.1, torchinfo 1.8.0 and ptflops 0.7.5 count 0 for a convolution with weight norm and 225 792 without; PyTorch 2.15.0's own counter, which looks at what is computed, the same for both.
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


plain = torch.nn.Conv2d(8, 16, 3, bias=False)
assert set(counts(plain).values()) == {14 * 14 * 8 * 16 * 9}
found = counts(torch.nn.utils.parametrizations.weight_norm(torch.nn.Conv2d(8, 16, 3, bias=False)))
assert found["torch"] == 14 * 14 * 8 * 16 * 9
assert found["thop"] == found["torchinfo"] == found["ptflops"] == 0, "no longer so"
PYTHON
