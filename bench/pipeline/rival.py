"""The whole job as a user of PyTorch and Torch-Pruning does it: rival.py REQUEST FOLDER, a JSON file that says what to do and the folder
that Torch-Pruning is installed in. Answers with one line of JSON.

The request: {model, preprocess, images, labels, classes, size, split: {train, validation, test}, reductions, epochs: {whole, rounds},
rates: {whole, rounds}, batch, threads, seed}: files of the network and of the images, a class for each image, [height, width] of the
input, rows of each part, shares of MACs to remove by the end of each round.

The trunk with a pooled linear head is finetuned whole and becomes the teacher. Each round removes channels evenly over the layers by
Torch-Pruning's Taylor importance until the MACs are met, then trains what is left with the teacher. Every training ends with the
weights of its best epoch on validation.
"""
import contextlib
import json
import sys
import time

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from trunk import read_trunk

TEMPERATURE = 2
# The share of the teacher in the loss.
TEACHING = 0.7
# Training images as they are and shifted; the teacher answers each once.
COPIES = 3
# The largest shift, as a share of the side.
SHIFT = 0.08
# Torch-Pruning goes down in so many steps, and stops at the first that meets the MACs.
STEPS = 200


class Clock:
    """Seconds of each stage, by the clock and of the processor."""

    def __init__(self):
        self.stages = {}

    @contextlib.contextmanager
    def stage(self, name):
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self.stages[name] = {
            "seconds": time.perf_counter() - wall,
            "processor": time.process_time() - processor,
        }


def read_images(paths, size, preprocess):
    """N x C x H x W as the network reads them. Colours as the file beside the model says."""
    height, width = size
    channels = preprocess.get("channels", "rgb")
    low, high = preprocess.get("range", [0, 1])
    pixels = []
    for path in paths:
        with Image.open(path) as image:
            image = image.convert("L" if channels == "grey" else "RGB").resize((width, height), Image.BILINEAR)
            pixels.append(np.asarray(image, np.float32).reshape(height, width, -1))
    x = np.stack(pixels).transpose(0, 3, 1, 2) / 255 * (high - low) + low
    if channels == "bgr":
        x = x[:, ::-1]
    mean, deviation = (np.reshape(preprocess.get(key, [value]), (1, -1, 1, 1)) for key, value in (("mean", 0), ("std", 1)))
    return torch.from_numpy(np.ascontiguousarray((x - mean) / deviation, np.float32))


def shifted(images, generator):
    """Each image padded by its edge and cropped at random."""
    most = [int(round(SHIFT * side)) for side in images.shape[2:]]
    padded = functional.pad(images, (most[1], most[1], most[0], most[0]), mode="replicate")
    crops = []
    for image in padded:
        top, left = (int(torch.randint(2 * side + 1, (1,), generator=generator)) for side in most)
        crops.append(image[:, top : top + images.shape[2], left : left + images.shape[3]])
    return torch.stack(crops)


def answers(network, images, batch=256):
    network.eval()
    with torch.no_grad():
        return torch.cat([network(part) for part in images.split(batch)])


def accuracy(network, images, classes):
    return float((answers(network, images).argmax(1) == classes).float().mean())


def loss_of(logits, classes, taught):
    hard = functional.cross_entropy(logits, classes)
    if taught is None:
        return hard
    soft = functional.kl_div(
        functional.log_softmax(logits / TEMPERATURE, 1), functional.softmax(taught / TEMPERATURE, 1), reduction="batchmean"
    )
    return TEACHING * TEMPERATURE**2 * soft + (1 - TEACHING) * hard


def train(network, data, epochs, rate, batch, generator, taught=None):
    """Adam with a cosine over all steps. `taught` holds the teacher's answers to each copy of the training images."""
    copies, classes = data["copies"], data["classes"]
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    steps = epochs * -(-len(classes) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
    best, kept = None, None
    for _ in range(epochs):
        network.train()
        # On so few images statistics of a batch do harm: they stay those that came with the network.
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        for rows in torch.randperm(len(classes), generator=generator).split(batch):
            copy = torch.randint(len(copies), (len(rows),), generator=generator)
            optimizer.zero_grad(set_to_none=True)
            teacher = None if taught is None else taught[copy, rows]
            loss_of(network(copies[copy, rows]), classes[rows], teacher).backward()
            optimizer.step()
            schedule.step()
        logits = answers(network, data["validation"][0])
        score = (
            float((logits.argmax(1) == data["validation"][1]).float().mean()),
            -float(functional.cross_entropy(logits, data["validation"][1])),
        )
        if best is None or score > best:
            best, kept = score, {name: value.clone() for name, value in network.state_dict().items()}
    if kept is not None:
        network.load_state_dict(kept)


def cost(network, image):
    """Multiply-accumulates of convolutions and dense layers for one image."""
    total = 0

    def count(module, _, output):
        nonlocal total
        total += output.numel() * module.weight[0].numel()

    hooks = [module.register_forward_hook(count) for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    answers(network, image)
    for hook in hooks:
        hook.remove()
    return total


def prune(network, data, most, tp):
    """Removes channels until one image costs at most so many MACs; gradients are of the training images."""
    image = data["copies"][0, :1]
    network.eval()
    network.zero_grad()
    for images, classes in zip(data["copies"][0].split(64), data["classes"].split(64)):
        functional.cross_entropy(network(images), classes, reduction="sum").backward()
    pruner = tp.pruner.BasePruner(
        network,
        image,
        importance=tp.importance.TaylorImportance(),
        pruning_ratio=1.0,
        iterative_steps=STEPS,
        ignored_layers=[module for module in network.modules() if isinstance(module, nn.Linear)],
    )
    for _ in range(STEPS):
        if cost(network, image) <= most:
            return
        pruner.step()
    raise RuntimeError("Torch-Pruning did not come down to the MACs")


def run(request, tp):
    clock = Clock()
    torch.manual_seed(request["seed"])
    generator = torch.Generator().manual_seed(request["seed"])
    with clock.stage("read"):
        trunk, width = read_trunk(request["model"])
        network = nn.Sequential(trunk, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, request["classes"]))
        images = read_images(request["images"], request["size"], request["preprocess"])
        classes = torch.tensor(request["labels"])
        rows = {part: torch.tensor(request["split"][part]) for part in ("train", "validation", "test")}
        first = images[rows["train"]]
        data = {
            "copies": torch.stack([first] + [shifted(first, generator) for _ in range(COPIES - 1)]),
            "classes": classes[rows["train"]],
            "validation": (images[rows["validation"]], classes[rows["validation"]]),
        }
        test = (images[rows["test"]], classes[rows["test"]])
    batch, epochs, rates = request["batch"], request["epochs"], request["rates"]
    figures = lambda: {
        "test": accuracy(network, *test),
        "validation": accuracy(network, *data["validation"]),
        "macs": cost(network, first[:1]),
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
    }
    with clock.stage("whole"):
        train(network, data, epochs["whole"], rates["whole"], batch, generator)
        taught = torch.stack([answers(network, copy) for copy in data["copies"]])
    whole, rounds = figures(), []
    for number, (share, length) in enumerate(zip(request["reductions"], epochs["rounds"]), 1):
        with clock.stage(f"prune {number}"):
            prune(network, data, (1 - share) * whole["macs"], tp)
        cut = figures()
        with clock.stage(f"train {number}"):
            train(network, data, length, rates["rounds"], batch, generator, taught)
        rounds.append({"pruned": cut["test"], **figures()})
    total = {key: sum(stage[key] for stage in clock.stages.values()) for key in ("seconds", "processor")}
    return {"stages": clock.stages, "total": total, "whole": whole, "rounds": rounds}


def main():
    path, folder = sys.argv[1:3]
    sys.path.insert(0, folder)
    with open(path) as file:
        request = json.load(file)
    torch.set_num_threads(request["threads"])
    # Small trained weights make denormals, which cost many times as much.
    torch.set_flush_denormal(True)
    # What it prints on the way is not part of the answer.
    with contextlib.redirect_stdout(sys.stderr):
        import torch_pruning

        found = run(request, torch_pruning)
    versions = f"Torch-Pruning {torch_pruning.__version__}, PyTorch {torch.__version__}"
    print(json.dumps({"versions": versions, **found}))


main()
