"""Networks of timm with fresh weights, as PyTorch 2 exports them by default."""
import timm
import torch

NAMES = ['resnet18', 'resnetv2_50x1_bit', 'mobilenetv3_small_050', 'ghostnet_050', 'repvgg_a0', 'nf_resnet26', 'cspresnet50', 'res2net50_14w_8s', 'skresnet18', 'efficientnet_lite0']
for name in NAMES:
    torch.manual_seed(0)
    size = 64
    model = timm.create_model(name, pretrained=False, num_classes=10).eval()
    torch.onnx.export(model, (torch.rand(1, 3, size, size),), f'{name}.onnx', dynamo=True, verbose=False)
