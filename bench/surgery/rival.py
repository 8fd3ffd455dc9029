"""Prunes torchvision's VGG-16 by half with Torch-Pruning: rival.py FOLDER, where FOLDER holds it. Answers with one line of JSON:
milliseconds of every stage by the clock and of the processor, and resident bytes.

As its README shows: BasePruner with L1 importance, ratio 0.5, the classifier ignored. One thread.
"""
import contextlib
import json
import resource
import sys
import time

import torch
import torchvision


def prune(model, image, tp):
    laps = [now()]
    pruner = tp.pruner.BasePruner(
        model,
        image,
        importance=tp.importance.GroupMagnitudeImportance(p=1),
        pruning_ratio=0.5,
        ignored_layers=[model.classifier[6]],
    )
    laps.append(now())
    pruner.step()
    laps.append(now())
    parts = zip(("build", "step"), laps, laps[1:])
    return {name: {key: 1e3 * (end[key] - start[key]) for key in start} for name, start, end in parts}


def now():
    return {"clock": time.perf_counter(), "processor": time.process_time()}


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def main():
    sys.path.insert(0, sys.argv[1])
    torch.set_num_threads(1)
    # What it prints on the way is not part of the answer.
    with contextlib.redirect_stdout(sys.stderr):
        import torch_pruning

        # Drawing 138 million weights with care is not what is measured.
        model = torchvision.models.vgg16(weights=None, init_weights=False).eval()
        image = torch.randn(1, 3, 224, 224)
        before = count(model)
        stages = prune(model, image, torch_pruning)
    print(
        json.dumps(
            {
                "versions": f"Torch-Pruning {torch_pruning.__version__}, PyTorch {torch.__version__}",
                "stages": stages,
                "parameters": {"before": before, "after": count(model)},
                "resident": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            }
        )
    )


main()
