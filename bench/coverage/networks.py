"""torchvision's classification networks with random weights, built as both sides of the comparison read them."""
import torch
import torchvision
from torch import nn

# Every size is tried in turn; networks with a fixed input or a head of fixed resolution need the large ones.
SIZES = (64, 96, 128, 160, 192, 224, 299)
SEED = 1


# Networks whose layers mix positions by attention. Everything else here is convolutional.
TRANSFORMERS = ("maxvit", "swin", "vit")


def listed():
    """Every classification network with the number of its parameters, the smallest first."""
    models = torchvision.models
    entries = [
        {
            "name": name,
            "transformer": name.startswith(TRANSFORMERS),
            "parameters": models.get_model_weights(name).DEFAULT.meta["num_params"],
        }
        for name in models.list_models(module=models)
    ]
    return sorted(entries, key=lambda entry: entry["parameters"])


def build(name, size):
    """The network in evaluation mode; batch normalisation is given statistics, as training would have."""
    torch.manual_seed(SEED)
    builder = torchvision.models.get_model_builder(name)
    model = builder(weights=None, **options(name, size)).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
    return model


def options(name, size):
    # The heads that help training are not part of what is exported, and drawing from a truncated normal takes minutes.
    if name in ("googlenet", "inception_v3"):
        return {"aux_logits": False, "init_weights": False}
    if name.startswith("vit_"):
        return {"image_size": size}
    if name.startswith("maxvit"):
        return {"input_size": (size, size)}
    return {}


def smallest(name):
    """The network at the smallest size that it runs at and ONNX can express: adaptive pooling must divide its input evenly."""
    built, model, problem = None, None, None
    for size in SIZES:
        try:
            if built is None or options(name, size) != built:
                model, built = build(name, size), options(name, size)
            check(model, size)
            return model, size
        except (ValueError, RuntimeError, AssertionError) as error:
            problem = error
    raise problem


def check(model, size):
    def divides(pool, inputs, _):
        wanted = pool.output_size if isinstance(pool.output_size, tuple) else (pool.output_size,) * 2
        for have, want in zip(inputs[0].shape[2:], wanted):
            if want is not None and have % want:
                raise ValueError(f"pooling {have} to {want} at {size} pixels")

    hooks = [m.register_forward_hook(divides) for m in model.modules() if isinstance(m, nn.AdaptiveAvgPool2d)]
    try:
        with torch.no_grad():
            model(torch.zeros(1, 3, size, size))
    finally:
        for hook in hooks:
            hook.remove()


def versions():
    return {"torch": torch.__version__, "torchvision": torchvision.__version__}
