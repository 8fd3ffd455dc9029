#!/bin/sh
# Torch-Pruning cuts the places that channels came from, where they have moved since.
# Guess: a group of what has to be pruned together follows numbers of channels from layer to layer; operators that put them in another order keep all sizes, so nothing shows that the numbers are stale.
# Seen: with torch-pruning 1.6.1 filters whose weights are all 0 are cut from a layer, which should change nothing. Behind a ReLU, or flattened as channels first, the answer is the same; behind ChannelShuffle, flip, roll,
# or flattened as channels last the weights of other channels are cut, the answer differs, and no word is said.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet torch-pruning==1.6.1 torch==2.15.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import copy
from importlib.metadata import version

import torch
import torch_pruning as tp
from torch import nn


class Between(nn.Module):
    def __init__(self, change):
        super().__init__()
        self.change = change

    def forward(self, maps):
        return self.change(maps)


def flattened(layout):
    return [Between(lambda maps: maps.permute(layout).flatten(1)), nn.Linear(8 * 6 * 6, 4)]


def conv():
    return nn.Conv2d(8, 4, 3)


WAYS = {
    "relu": [nn.ReLU(), conv()],
    "channels first, flattened": flattened((0, 1, 2, 3)),
    "channel shuffle": [nn.ChannelShuffle(2), conv()],
    "flip": [Between(lambda maps: maps.flip(1)), conv()],
    "roll": [Between(lambda maps: maps.roll(1, 1)), conv()],
    "channels last, flattened": flattened((0, 2, 3, 1)),
}
DEAD = [1, 5]
differences = {}
for name, rest in WAYS.items():
    torch.manual_seed(0)
    first = nn.Conv2d(3, 8, 3)
    network = nn.Sequential(first, *rest).eval()
    image = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        first.weight[DEAD] = 0
        first.bias[DEAD] = 0
        before = network(image)
    smaller = copy.deepcopy(network)
    graph = tp.DependencyGraph().build_dependency(smaller, example_inputs=image)
    group = graph.get_pruning_group(smaller[0], tp.prune_conv_out_channels, idxs=DEAD)
    assert graph.check_pruning_group(group)
    group.prune()
    assert smaller[0].weight.shape[0] == 6
    with torch.no_grad():
        differences[name] = float((smaller(image) - before).abs().max())
print("torch-pruning", version("torch-pruning"), differences)
for name in ("relu", "channels first, flattened"):
    assert differences[name] < 1e-5
for name in ("channel shuffle", "flip", "roll", "channels last, flattened"):
    assert differences[name] > 0.01, "no longer so"
PYTHON
