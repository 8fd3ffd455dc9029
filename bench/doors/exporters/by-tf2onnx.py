"""Keras applications with fresh weights, as tf2onnx writes them by default: channels last, any batch."""
import keras
import tensorflow as tf
import tf2onnx

A = keras.applications
MAKE = {
    'mobilenet': lambda: A.MobileNet((96, 96, 3), weights=None),
    'mobilenet_v2': lambda: A.MobileNetV2((96, 96, 3), weights=None),
    'mobilenet_v3_small': lambda: A.MobileNetV3Small((96, 96, 3), weights=None),
    'resnet50_v2': lambda: A.ResNet50V2(weights=None, input_shape=(64, 64, 3)),
    'efficientnet_b0': lambda: A.EfficientNetB0(weights=None, input_shape=(64, 64, 3)),
    'densenet121': lambda: A.DenseNet121(weights=None, input_shape=(64, 64, 3)),
}
for name, make in MAKE.items():
    model = make()
    spec = [tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name='input')]
    call = tf.function(lambda x: model(x, training=False), input_signature=spec)
    tf2onnx.convert.from_function(call, input_signature=spec, output_path=f'{name}.onnx')
