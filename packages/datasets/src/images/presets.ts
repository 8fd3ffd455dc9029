import type { Preprocess } from './preprocess.ts';

/** Of ImageNet's training images, red, green and blue, on [0, 1]. */
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** What training code reads with Pillow's `convert('RGB')`: pixels as they lie in the file, colours under transparency too. */
const PILLOW = { exif: false, alpha: 'ignore' } as const;

/** What training code reads with OpenCV's `imread`, which turns by EXIF and leaves the alpha channel out. */
const OPENCV = { exif: true, alpha: 'ignore', resize: 'plain', kernel: 'linear' } as const;

/** How the usual training code makes pixels the input, by its name. */
export const PRESETS = {
  /** The published weights of classifiers (V1): Resize(256), CenterCrop(224), ToTensor, Normalize. */
  torchvision: {
    ...{ channels: 'rgb', range: [0, 1], ...IMAGENET, ...PILLOW },
    ...{ resize: 'antialias', kernel: 'linear', fit: 'crop', cropShare: 0.875 },
  },
  /** Its default configuration: crop_pct 0.875, bicubic. */
  timm: {
    ...{ channels: 'rgb', range: [0, 1], ...IMAGENET, ...PILLOW },
    ...{ resize: 'antialias', kernel: 'cubic', fit: 'crop', cropShare: 0.875 },
  },
  /** keras.applications.mobilenet*.preprocess_input (to −1 … 1) after image_dataset_from_directory. */
  'keras-mobilenet': {
    ...{ channels: 'rgb', range: [0, 255], mean: [127.5], std: [127.5], ...PILLOW },
    ...{ resize: 'plain', kernel: 'linear', fit: 'stretch' },
  },
  /** Detectors: LetterBox on grey 114, then / 255. */
  ultralytics: {
    ...{ channels: 'rgb', range: [0, 1], mean: [0], std: [1], ...OPENCV },
    ...{ fit: 'letterbox', place: 'centre', background: [114, 114, 114] },
  },
  /** Recognition of aligned faces (ArcFace): blobFromImage(1 / 127.5, mean 127.5, swapRB). */
  insightface: {
    ...{ channels: 'rgb', range: [0, 255], mean: [127.5], std: [127.5], ...OPENCV, fit: 'stretch' },
  },
  /** Open Model Zoo: BGR as OpenCV reads it, scaling in the graph. */
  openvino: {
    ...{ channels: 'bgr', range: [0, 255], mean: [0], std: [1], ...OPENCV, fit: 'stretch' },
  },
} as const satisfies Readonly<Record<string, DeepReadonly<Preprocess>>>;

type DeepReadonly<T> = {
  readonly [K in keyof T]: T[K] extends (infer U)[] | undefined ? readonly U[] | undefined : T[K];
};

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];
