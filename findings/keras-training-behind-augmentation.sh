#!/bin/sh
# A layer of Keras that augments images puts what follows it into training mode, in a plain call and in what is exported.
# Guess: the call method of the layers that augment has training=True as its default, and Layer.__call__ hands the value that one layer was
# called with, a default too, to every later layer of the same model.
# Seen: with keras 3.15.1 on tensorflow 2.21.0 model(x) and the SavedModel that model.export writes normalise by the statistics of the batch
# behind RandomFlip, where model.predict(x) and model(x, training=False) take the stored ones; export(format="onnx") writes the same graph.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet keras==3.15.1 tensorflow-cpu==2.21.0
cd "$folder"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 "$folder/python/bin/python" - <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf
from keras import layers

x = np.full((2, 4, 4, 1), 5, "float32")
x[1] = 7
# Constant pictures: a flip changes none of them, so that the mode of the normalisation is all that there is to see.
model = keras.Sequential([layers.Input((4, 4, 1)), layers.RandomFlip(), layers.BatchNormalization()])
stored = model.predict(x, verbose=0)[:, 0, 0, 0]
model.export("saved", verbose=False)
loaded = tf.saved_model.load("saved")
served = np.array(loaded.serve(x))[:, 0, 0, 0]
called = np.array(model(x))[:, 0, 0, 0]
print("predict", stored, "exported", served, "called", called)
assert np.allclose(stored, [5, 7], atol=0.01)
assert np.allclose(served, [-1, 1], atol=0.01), "no longer so"
assert np.allclose(called, [-1, 1], atol=0.01), "no longer so"
PYTHON
