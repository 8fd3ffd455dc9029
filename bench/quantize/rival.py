"""ONNX Runtime's own quantiser: rival.py IMAGES.npy OUT IN, OUT IN …: QDQ, int8 weights for each channel, uint8 activations by least and largest."""
import json
import sys
import warnings

import numpy
import onnx
import onnx.version_converter
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

warnings.filterwarnings('ignore')


class Images(CalibrationDataReader):
    def __init__(self, name, images):
        self.feeds = iter([{name: image[None]} for image in images])

    def get_next(self):
        return next(self.feeds, None)


images = numpy.load(sys.argv[1])
for target, source in zip(sys.argv[2::2], sys.argv[3::2]):
    prepared = f'{target}.prepared'
    model = onnx.load(source)
    # It writes scales along an axis into whatever opset it finds, which knows them from 13 on.
    if max(entry.version for entry in model.opset_import if entry.domain in ('', 'ai.onnx')) < 13:
        model = onnx.version_converter.convert_version(model, 17)
    onnx.save(model, prepared)
    quant_pre_process(prepared, prepared)
    name = onnx.load(prepared).graph.input[0].name
    quantize_static(
        prepared,
        target,
        Images(name, images),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
print(json.dumps({'versions': f'onnxruntime {onnxruntime.__version__}'}))
