"""Networks of Keras 3 with fresh weights, by its own export."""
import keras
from keras import layers as L

A = keras.applications


def small(activation):
    x = image = L.Input((48, 48, 3))
    for width in (16, 32, 64):
        x = L.Conv2D(width, 3, padding='same', use_bias=False)(x)
        x = L.BatchNormalization()(x)
        x = L.Activation(activation)(x)
        x = L.SpatialDropout2D(0.1)(x)
        x = L.MaxPooling2D()(x)
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(image, L.Dense(5, activation='softmax')(L.Dropout(0.2)(x)))


def unet():
    image = L.Input((64, 64, 1))
    conv = lambda x, width: L.Conv2D(width, 3, padding='same', activation='relu')(x)
    a = conv(image, 16)
    b = conv(L.MaxPooling2D()(a), 32)
    c = conv(L.MaxPooling2D()(b), 64)
    b = conv(L.Concatenate()([b, L.Conv2DTranspose(32, 2, strides=2)(c)]), 32)
    a = conv(L.Concatenate()([a, L.UpSampling2D()(b)]), 16)
    return keras.Model(image, L.Conv2D(3, 1)(a))


MAKE = {
    'small_relu': lambda: small('relu'),
    'small_silu': lambda: small('silu'),
    'unet': unet,
    'xception': lambda: A.Xception(weights=None, input_shape=(96, 96, 3)),
    'nasnet_mobile': lambda: A.NASNetMobile(weights=None, input_shape=(96, 96, 3)),
    'efficientnet_v2_b0': lambda: A.EfficientNetV2B0(weights=None, input_shape=(64, 64, 3)),
}
for name, make in MAKE.items():
    model = make()
    # A model that never ran is not exported.
    model(keras.ops.zeros((1, *model.input_shape[1:])))
    model.export(f'{name}.onnx', format='onnx', verbose=False)
