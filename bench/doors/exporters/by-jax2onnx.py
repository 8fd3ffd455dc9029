"""Networks of Flax NNX with fresh weights, by jax2onnx."""
from flax import nnx
from jax2onnx import to_onnx


class Plain(nnx.Module):
    def __init__(self, rngs):
        self.a = nnx.Conv(3, 16, (3, 3), rngs=rngs)
        self.b = nnx.Conv(16, 32, (3, 3), rngs=rngs)
        self.head = nnx.Linear(32, 5, rngs=rngs)

    def __call__(self, x):
        x = nnx.max_pool(nnx.relu(self.a(x)), window_shape=(2, 2), strides=(2, 2))
        x = nnx.relu(self.b(x))
        return self.head(x.mean(axis=(1, 2)))


class Block(nnx.Module):
    def __init__(self, width, rngs):
        self.a = nnx.Conv(width, width, (3, 3), use_bias=False, rngs=rngs)
        self.b = nnx.Conv(width, width, (3, 3), use_bias=False, rngs=rngs)
        self.m = nnx.BatchNorm(width, use_running_average=True, rngs=rngs)
        self.n = nnx.BatchNorm(width, use_running_average=True, rngs=rngs)

    def __call__(self, x):
        return nnx.relu(x + self.n(self.b(nnx.relu(self.m(self.a(x))))))


class Residual(nnx.Module):
    def __init__(self, rngs):
        self.stem = nnx.Conv(3, 32, (3, 3), rngs=rngs)
        self.one, self.two = Block(32, rngs), Block(32, rngs)
        self.head = nnx.Linear(32, 5, rngs=rngs)

    def __call__(self, x):
        return self.head(self.two(self.one(nnx.relu(self.stem(x)))).mean(axis=(1, 2)))


class Deep(nnx.Module):
    """A depthwise convolution between two of 1 × 1."""

    def __init__(self, rngs):
        self.a = nnx.Conv(3, 32, (1, 1), rngs=rngs)
        self.b = nnx.Conv(32, 32, (3, 3), feature_group_count=32, rngs=rngs)
        self.c = nnx.Conv(32, 24, (1, 1), rngs=rngs)
        self.head = nnx.Linear(24, 5, rngs=rngs)

    def __call__(self, x):
        return self.head(nnx.gelu(self.c(nnx.silu(self.b(nnx.silu(self.a(x)))))).mean(axis=(1, 2)))


for name, kind in {'plain': Plain, 'residual': Residual, 'deep': Deep}.items():
    model = kind(nnx.Rngs(0))
    if hasattr(model, 'eval'):
        model.eval()
    to_onnx(model, [('B', 32, 32, 3)], return_mode='file', output_path=f'{name}.onnx')
