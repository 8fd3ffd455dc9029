"""Networks of PaddlePaddle's vision models with fresh weights, by paddle2onnx."""
import paddle
from paddle.vision import models as M

MAKE = {
    'resnet18': lambda: M.resnet18(num_classes=10),
    'mobilenet_v2': lambda: M.mobilenet_v2(num_classes=10),
    'mobilenet_v3_small': lambda: M.mobilenet_v3_small(num_classes=10),
    'squeezenet1_1': lambda: M.squeezenet1_1(num_classes=10),
    'shufflenet_v2_x0_5': lambda: M.shufflenet_v2_x0_5(num_classes=10),
    'densenet121': lambda: M.densenet121(num_classes=10),
}
for name, make in MAKE.items():
    model = make()
    model.eval()
    paddle.onnx.export(model, name, input_spec=[paddle.static.InputSpec([-1, 3, 64, 64], 'float32', 'x')], opset_version=13)
