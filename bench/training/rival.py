"""PyTorch's training step on the networks of networks.ts, as a process that answers each line of JSON with one.

{network, weights, images, labels, batch, size, threads, rate, momentum}: builds the network, loads files of float32 and int64, runs
one step and answers {loss, parameters}; device is 'cpu' and weights are random where they are left out; every further {steps} answers
{seconds, wall, loss}: processor and elapsed time of that many steps. Debian's python3-torch.
"""
import json
import sys
import time

try:
    import numpy as np
    import torch
    from torch import nn
except ImportError:
    sys.exit(0)


def convolution(inputs, width, kernel=3, stride=1, group=1, bias=True):
    return nn.Conv2d(inputs, width, kernel, stride, (kernel - 1) // 2, groups=group, bias=bias)


def block(inputs, width, **options):
    return [convolution(inputs, width, bias=False, **options), nn.BatchNorm2d(width), nn.ReLU()]


def head(width):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10)]


def vgg():
    layers, inputs = [], 3
    for position, width in enumerate([16, 16, 32, 32, 64, 64, 128, 128]):
        if position > 0 and position % 2 == 0:
            layers.append(nn.MaxPool2d(2))
        layers += [convolution(inputs, width), nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers, *head(inputs))


class Residual(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.inner = nn.Sequential(
            *block(inputs, width, stride=stride), convolution(width, width, bias=False), nn.BatchNorm2d(width)
        )
        self.across = None
        if stride > 1:
            self.across = nn.Sequential(
                convolution(inputs, width, kernel=1, stride=stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x):
        return torch.relu(self.inner(x) + (x if self.across is None else self.across(x)))


def residual():
    layers, inputs = block(3, 16, stride=2), 16
    for width, stride in [(16, 1), (16, 1), (32, 2), (32, 1), (64, 2), (64, 1)]:
        layers.append(Residual(inputs, width, stride))
        inputs = width
    return nn.Sequential(*layers, *head(inputs))


def depthwise():
    layers, inputs = block(3, 16, stride=2), 16
    for width, stride in [(32, 1), (64, 2), (64, 1), (128, 2), (128, 1)]:
        layers += block(inputs, inputs, stride=stride, group=inputs) + block(inputs, width, kernel=1)
        inputs = width
    return nn.Sequential(*layers, *head(inputs))


def resnet18():
    from torchvision.models import resnet18 as published

    return published()


NETWORKS = {"vgg": vgg, "residual": residual, "depthwise": depthwise, "resnet18": resnet18}


def load(network, numbers):
    """Fills parameters and running statistics in the order of the file."""
    at = 0
    for module in network.modules():
        for name in ("weight", "bias", "running_mean", "running_var"):
            tensor = getattr(module, name, None)
            if not isinstance(tensor, torch.Tensor):
                continue
            count = tensor.numel()
            tensor.data.copy_(torch.from_numpy(numbers[at : at + count]).view(tensor.shape))
            at += count
    if at != len(numbers):
        raise ValueError(f"{len(numbers)} numbers for {at} parameters")
    return at


def answer(message):
    print(json.dumps(message), flush=True)


def main():
    answer({"versions": f"PyTorch {torch.__version__}"})
    step = None
    for line in sys.stdin:
        request = json.loads(line)
        if "network" in request:
            torch.set_num_threads(request["threads"])
            network = NETWORKS[request["network"]]()
            weights = request.get("weights")
            parameters = load(network, np.fromfile(weights, np.float32)) if weights else None
            shape = (request["batch"], 3, request["size"], request["size"])
            images = torch.from_numpy(np.fromfile(request["images"], np.float32).reshape(shape))
            labels = torch.from_numpy(np.fromfile(request["labels"], np.int64))
            if request["layout"] == "last":
                network = network.to(memory_format=torch.channels_last)
                images = images.contiguous(memory_format=torch.channels_last)
            device = request.get("device", "cpu")
            network, images, labels = network.to(device), images.to(device), labels.to(device)
            optimizer = torch.optim.SGD(network.parameters(), lr=request["rate"], momentum=request["momentum"])
            network.train()

            def step():
                optimizer.zero_grad(set_to_none=True)
                loss = nn.functional.cross_entropy(network(images), labels)
                loss.backward()
                optimizer.step()
                return loss.item()

            answer({"loss": step(), "parameters": parameters})
        else:
            wall, start = time.perf_counter(), time.process_time()
            for _ in range(request["steps"]):
                loss = step()
            answer({"seconds": time.process_time() - start, "wall": time.perf_counter() - wall, "loss": loss})


main()
