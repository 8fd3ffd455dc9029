"""Exports one of torchvision's classification networks to ONNX with the exporter of PyTorch 2, which traces by torch.export.

  dynamo.py versions
  dynamo.py dynamo NAME FILE     its defaults: batch normalisation folded by its optimiser, any batch size where the network allows one

The weights of the two networks that are too large for a file of float32 are stored as float16 and cast where they are read.

Answers with one line of JSON.
"""
import json
import os
import sys
import tempfile
import warnings

import torch

import halves
import networks

# A batch of one would be taken for a constant.
BATCH = 2


def export(name, path):
    model, size = networks.smallest(name)
    image = torch.randn(BATCH, 3, size, size)
    shapes = ({0: torch.export.Dim.DYNAMIC},)
    names = {"input_names": ["image"], "output_names": ["logits"]}
    with torch.no_grad():
        program = torch.onnx.export(model, (image,), dynamo=True, dynamic_shapes=shapes, verbose=False, **names)
    large = halves.needed(model)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        target = os.path.join(folder, "large.onnx") if large else path
        program.save(target, external_data=large)
        del model, program
        if large:
            halves.store(target, path)
    return {"size": size, "half": large}


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    if sys.argv[1] == "versions":
        answer = networks.versions()
    else:
        # What the exporter prints of its progress is not the answer.
        answer, out = None, sys.stdout
        sys.stdout = open(os.devnull, "w")
        try:
            answer = export(*sys.argv[2:4])
        finally:
            sys.stdout = out
    print(json.dumps(answer))


main()
