"""Exports one of torchvision's classification networks to ONNX with the TorchScript exporter.

  export.py list                 networks and versions
  export.py folded NAME FILE     batch normalisation folded into convolutions, opset 17, any batch size
  export.py kept NAME FILE       batch normalisation as nodes, nothing folded, opset 13, batch 1

The weights of the two networks that are too large for a file of float32 are stored as float16 and cast where they are read.

Answers with one line of JSON. Debian's python3-torch, python3-torchvision and python3-onnx.
"""
import json
import os
import sys
import tempfile
import warnings

import torch

import halves
import networks

TrainingMode = torch.onnx.TrainingMode
FORMS = {
    "folded": {
        "opset_version": 17,
        "training": TrainingMode.EVAL,
        "do_constant_folding": True,
        "dynamic_axes": {"image": {0: "N"}, "logits": {0: "N"}},
    },
    # Preserving the mode leaves out the pass that folds normalisation; the network itself is in evaluation mode.
    "kept": {"opset_version": 13, "training": TrainingMode.PRESERVE, "do_constant_folding": False},
}


def export(form, name, path):
    model, size = networks.smallest(name)
    # The exporter knows no zero_, which the second Swin calls on a slice; a copy of zeros is the same.
    torch.Tensor.zero_ = lambda tensor: tensor.copy_(torch.zeros_like(tensor))
    names = {"input_names": ["image"], "output_names": ["logits"]}
    large = halves.needed(model)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        target = os.path.join(folder, "large.onnx") if large else path
        torch.onnx.export(model, torch.randn(1, 3, size, size), target, **names, **FORMS[form])
        del model
        if large:
            halves.store(target, path)
    return {"size": size, "half": large}


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if sys.argv[1] == "list":
        answer = {**networks.versions(), "networks": networks.listed()}
    else:
        answer = export(*sys.argv[1:4])
    print(json.dumps(answer))


main()
