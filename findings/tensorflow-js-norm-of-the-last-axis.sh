#!/bin/sh
# TensorFlow.js normalises the last axis, whichever axis a BatchNormalization names.
# Guess: `axis` of BatchNormalization is 1 where channels come first, or where a sequence is normalised by its steps; a kernel that was written for channels last takes its next mean with each next number, and needs the means laid out over the whole
# shape to be right elsewhere.
# Seen: @tensorflow/tfjs-layers 4.22.0 and batchNorm of @tensorflow/tfjs-core 4.22.0 on its backend in JavaScript answer axis 1 by giving number i of the batch the mean, variance, scale and offset i modulo their count, whether the last axis is as long or
# not; they say nothing. By axis -1 they are right. keras 3.15.1 (on jax 0.10.2) and the formula in plain numpy agree in all.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet keras==3.15.1 jax==0.10.2 numpy==2.4.6
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 @tensorflow/tfjs-layers@4.22.0
cat > norm.cjs <<'JS'
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { input, layers, model, version_layers: version } = require('@tensorflow/tfjs-layers');

const found = [];
for (const { shape, axis, scale, offset, mean, variance } of JSON.parse(process.argv[2])) {
  const x = tf.reshape(tf.range(0, shape.reduce((a, b) => a * b)), shape);
  const weights = [scale, offset, mean, variance].map((values) => tf.tensor1d(values));
  const inputs = input({ shape: shape.slice(1) });
  const layer = layers.batchNormalization({ axis, epsilon: 0.001 });
  const net = model({ inputs, outputs: layer.apply(inputs) });
  layer.setWeights(weights);
  const laid = shape.map((size, at) => (at === (axis + shape.length) % shape.length ? size : 1));
  const [s, o, m, v] = weights.map((values) => tf.reshape(values, laid));
  found.push({ version, layer: net.predict(x).arraySync(), core: tf.batchNorm(x, m, v, o, s, 0.001).arraySync() });
}
console.log(JSON.stringify(found));
JS
KERAS_BACKEND=jax "$folder/python/bin/python" - <<'PYTHON'
import json
import subprocess

import keras
import numpy as np

cases = []
for shape, axis in [((2, 3, 4, 3), 1), ((2, 3, 4, 5), 1), ((2, 3, 5), 1), ((2, 4, 5, 3), -1)]:
    numbers = {"scale": [1, 2, 3], "offset": [0, 100, 200], "mean": [1, 2, 3], "variance": [1, 4, 9]}
    cases.append({"shape": shape, "axis": axis, **numbers})
done = subprocess.run(["node", "norm.cjs", json.dumps(cases)], check=True, capture_output=True, text=True)
assert "axis" not in done.stderr
for case, found in zip(cases, json.loads(done.stdout)):
    x = np.arange(np.prod(case["shape"]), dtype=np.float32).reshape(case["shape"])
    weights = [np.array(case[name], np.float32) for name in ("scale", "offset", "mean", "variance")]

    def norm(scale, offset, mean, variance):
        return (x - mean) / np.sqrt(variance + 0.001) * scale + offset

    laid = [1] * x.ndim
    laid[case["axis"]] = 3
    right = norm(*(values.reshape(laid) for values in weights))
    layer = keras.layers.BatchNormalization(axis=case["axis"], epsilon=0.001)
    layer.build(x.shape)
    layer.set_weights(weights)
    assert np.allclose(keras.ops.convert_to_numpy(layer(x, training=False)), right, atol=1e-3)
    in_turn = norm(*(np.resize(values, x.shape) for values in weights))
    for name in ("layer", "core"):
        answer = np.array(found[name])
        print("TensorFlow.js", found["version"], name, case["shape"], "axis", case["axis"], answer.ravel()[:4], "keras", keras.__version__, right.ravel()[:4])
        assert np.allclose(answer, in_turn, atol=1e-3), "no longer so"
        assert np.allclose(answer, right, atol=1e-3) == (case["axis"] == -1), "no longer so"
PYTHON
