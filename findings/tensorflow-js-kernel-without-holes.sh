#!/bin/sh
# TensorFlow.js lays the kernels of a dilated DepthwiseConv2D without their holes.
# Guess: of Keras's convolutions by channel the separable one is tried with a dilation, as it is older; the plain one hands its settings on in a list of positions, in which one can be missed. Where the result has the same size, nothing shows it.
# Seen: @tensorflow/tfjs-layers 4.22.0 answers dilationRate 2 of depthwiseConv2d as 1, under "valid" with a larger map too, which it also announces; separableConv2d and conv2d, of the same kernel, are right.
# keras 3.15.1 (on jax 0.10.2) has the holes in all three, and sums in plain numpy agree. The last stages of DeepLab's backbones are such layers.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 numpy==2.4.6
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 @tensorflow/tfjs-layers@4.22.0
cat > layers.cjs <<'JS'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { input, layers, model, version_layers: version } = require('@tensorflow/tfjs-layers');

const x = tf.reshape(tf.range(0, 36), [1, 6, 6, 1]);
const kernel = tf.tensor4d([1, 10, 100, 1000], [2, 2, 1, 1]);
const found = { version };
for (const padding of ['valid', 'same']) {
  const settings = { kernelSize: 2, dilationRate: 2, padding, useBias: false };
  const kinds = {
    depthwise: [layers.depthwiseConv2d(settings), [kernel]],
    separable: [layers.separableConv2d({ ...settings, filters: 1 }), [kernel, tf.ones([1, 1, 1, 1])]],
    conv: [layers.conv2d({ ...settings, filters: 1 }), [kernel]],
  };
  for (const [name, [layer, weights]] of Object.entries(kinds)) {
    const inputs = input({ shape: [6, 6, 1] });
    const net = model({ inputs, outputs: layer.apply(inputs) });
    layer.setWeights(weights);
    found[`${name} ${padding}`] = { announced: net.outputs[0].shape, values: tf.squeeze(net.predict(x)).arraySync() };
  }
}
console.log(JSON.stringify(found));
JS
node layers.cjs 2> said.txt > found.json
KERAS_BACKEND=jax "$folder/python/bin/python" - <<'PYTHON'
import json

import keras
import numpy as np

x = np.arange(36, dtype=np.float32).reshape(6, 6)
kernel = np.array([[1, 10], [100, 1000]], np.float32)


def sums(dilation, padding):
    spare = dilation if padding == "same" else 0
    padded = np.pad(x, (spare // 2, spare - spare // 2))
    size = len(padded) - dilation
    return sum(kernel[i, j] * padded[i * dilation :, j * dilation :][:size, :size] for i in range(2) for j in range(2))


assert "dilation" not in open("said.txt").read().lower()
found = json.load(open("found.json"))
version = found.pop("version")
for name, answer in found.items():
    kind, padding = name.split()
    layer = {
        "depthwise": lambda **known: keras.layers.DepthwiseConv2D(2, **known),
        "separable": lambda **known: keras.layers.SeparableConv2D(1, 2, **known),
        "conv": lambda **known: keras.layers.Conv2D(1, 2, **known),
    }[kind](dilation_rate=2, padding=padding, use_bias=False)
    layer.build((1, 6, 6, 1))
    layer.set_weights([kernel.reshape(2, 2, 1, 1), np.ones((1, 1, 1, 1), np.float32)][: len(layer.weights)])
    by_keras = keras.ops.convert_to_numpy(layer(x[None, :, :, None]))[0, :, :, 0]
    values = np.array(answer["values"])
    print("tfjs-layers", version, name, "announced", answer["announced"], "first sums", values[0, :3], "keras", keras.__version__, by_keras.shape, by_keras[0, :3])
    assert np.allclose(by_keras, sums(2, padding))
    if kind == "depthwise":
        assert answer["announced"][1:] == [*values.shape, 1]
        assert np.array_equal(values, sums(1, padding)) and not np.array_equal(values, by_keras), "no longer so"
    else:
        assert np.allclose(values, by_keras)
PYTHON
