import type { ModelProto } from '@kneepoint/onnx';
import { vgg16 } from '@kneepoint/onnx';
import { convnextTiny } from './convnext.ts';
import { densenet121 } from './densenet.ts';
import { googlenet, inceptionV3 } from './inception.ts';
import { lightCnn29, lightCnn9 } from './light-cnn.ts';
import { efficientnetB0, mnasnet, mobilenetV2, mobilenetV3 } from './mobilenet.ts';
import { regnetX, regnetY } from './regnet.ts';
import { resnet18, resnet50, resnext50 } from './resnet.ts';
import { shufflenetV2 } from './shufflenet.ts';
import { squeezenet } from './squeezenet.ts';
import { unet } from './unet.ts';

export interface ZooNetwork {
  readonly make: (seed: number, size: number) => ModelProto;
  /** Height and width of its images here. */
  readonly size: number;
  /** Learned numbers at that size. */
  readonly parameters: number;
}

/** VGG-16's first dense layer reads 7 × 7 places at 224 pixels and one at 32. */
const VGG_AT_32 = (7 * 7 - 1) * 512 * 4096;

/**
 * Networks as they are published: structure, depth and widths, on small images. Parameters are those that torchvision 0.14 counts for the
 * same network, except where a comment says otherwise.
 */
export const ZOO: Readonly<Record<string, ZooNetwork>> = {
  'VGG-16': { make: (seed, size) => vgg16({ seed, size }), size: 32, parameters: 138_357_544 - VGG_AT_32 },
  'VGG-16-BN': {
    make: (seed, size) => vgg16({ seed, size, batchNorm: true }),
    size: 32,
    parameters: 138_365_992 - VGG_AT_32,
  },
  // By the table of layers in Wu et al. 2018, with 1000 people.
  'LightCNN-9': { make: lightCnn9, size: 64, parameters: 2_592_136 },
  'LightCNN-29': { make: lightCnn29, size: 64, parameters: 9_684_552 },
  'ResNet-18': { make: resnet18, size: 64, parameters: 11_689_512 },
  'ResNet-50': { make: resnet50, size: 32, parameters: 25_557_032 },
  'ResNeXt-50 32×4d': { make: resnext50, size: 32, parameters: 25_028_904 },
  MobileNetV2: { make: mobilenetV2, size: 64, parameters: 3_504_872 },
  'MobileNetV3-Large': { make: mobilenetV3, size: 64, parameters: 5_483_032 },
  'EfficientNet-B0': { make: efficientnetB0, size: 64, parameters: 5_288_548 },
  'DenseNet-121': { make: densenet121, size: 32, parameters: 7_978_856 },
  GoogLeNet: { make: googlenet, size: 64, parameters: 6_624_904 },
  // Without the side classifier.
  'Inception-v3': { make: inceptionV3, size: 75, parameters: 23_834_568 },
  SqueezeNet: { make: squeezenet, size: 64, parameters: 1_248_424 },
  'ShuffleNetV2 1×': { make: shufflenetV2, size: 64, parameters: 2_278_604 },
  MNASNet: { make: mnasnet, size: 64, parameters: 4_383_312 },
  'RegNetX-400MF': { make: regnetX, size: 64, parameters: 5_495_976 },
  'RegNetY-400MF': { make: regnetY, size: 64, parameters: 4_344_144 },
  'ConvNeXt-Tiny': {
    make: convnextTiny,
    size: 32,
    parameters: 28_589_128,
  },
  // As for the common PyTorch implementation with transposed convolutions and two classes.
  'U-Net': { make: unet, size: 32, parameters: 31_037_698 },
};
