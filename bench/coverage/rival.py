"""Prunes one of torchvision's networks by half with Torch-Pruning: rival.py NAME SECONDS FOLDER, where SECONDS is
the processor time that it may take and FOLDER where it is installed.

As its README shows: BasePruner, GroupMagnitudeImportance, ratio 0.5, the classifier ignored. For vision transformers as its own
torchvision benchmark does: the width a multiple of the heads, the projection of attention ignored, the network's hidden_dim set anew.
Counts are its own (count_ops_and_params). Answers with one line of JSON.
"""
import contextlib
import json
import resource
import sys
import warnings

import torch
from torch import nn

import networks


def prune(name, model, size, tp):
    image = torch.randn(1, 3, size, size)
    transformer = name.startswith("vit_")
    before = figures(model, image, tp)
    ignored = [m for m in model.modules() if isinstance(m, nn.Linear) and m.out_features == 1000]
    if name.startswith("squeezenet"):
        # Its classifier is a convolution.
        ignored.append(model.classifier[1])
    options = {}
    if transformer:
        ignored += [m for m in model.modules() if isinstance(m, nn.modules.linear.NonDynamicallyQuantizableLinear)]
        options["round_to"] = model.encoder.layers[0].num_heads
    pruner = tp.pruner.BasePruner(
        model,
        image,
        importance=tp.importance.GroupMagnitudeImportance(p=2),
        pruning_ratio=0.5,
        ignored_layers=ignored,
        **options,
    )
    pruner.step()
    if transformer:
        model.hidden_dim = model.conv_proj.out_channels
    with torch.no_grad():
        shape = list(model(image).shape)
    if shape != [1, 1000]:
        raise RuntimeError(f"the pruned network gives {shape}")
    return {"before": before, "after": figures(model, image, tp)}


def figures(model, image, tp):
    try:
        macs, parameters = tp.utils.count_ops_and_params(model, image)
    except ValueError:
        # Its counter does not read attention that is called with keywords.
        macs, parameters = None, tp.utils.count_params(model)
    return {"parameters": parameters, "macs": macs}


def main():
    name, seconds, folder = sys.argv[1:4]
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    sys.path.insert(0, folder)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    # What it prints on the way is not part of the answer.
    with contextlib.redirect_stdout(sys.stderr):
        import torch_pruning

        model, size = networks.smallest(name)
        try:
            answer = prune(name, model, size, torch_pruning)
        except Exception:
            # A small image is our wish, not the network's: what fails gets the usual size before it counts.
            try:
                answer = prune(name, networks.build(name, 224), 224, torch_pruning)
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer))


main()
