import { number, numbers, PILLOW, type ReadExported, record } from './exported.ts';

/** Pillow's Lanczos is not there; of what is, cubic comes next to it. */
const KERNELS: Readonly<Record<string, string>> = {
  ...{ nearest: 'nearest', bilinear: 'linear', bicubic: 'cubic', lanczos: 'cubic', box: 'area', hamming: 'linear' },
};

/** `config.json` of timm's models on a hub: `pretrained_cfg` as `timm.data.create_transform` takes it for validation. */
export const readTimm: ReadExported = (json) => {
  const config = record(json.pretrained_cfg);
  if (!config) return undefined;
  const [mean, std] = [numbers(config.mean), numbers(config.std)];
  const [channels, height, width] = numbers(config.input_size) ?? [];
  if (!mean || !std) return undefined;
  const crop = number(config.crop_pct) ?? 0.875;
  const squashed = config.crop_mode === 'squash';
  return {
    ...PILLOW,
    ...{ channels: channels === 1 ? 'grey' : 'rgb', range: [0, 1], mean, std },
    kernel: KERNELS[String(config.interpolation)] ?? 'cubic',
    ...(squashed ? { fit: 'stretch' } : { fit: 'crop', cropShare: crop }),
    ...(height !== undefined && width !== undefined ? { size: { width, height } } : {}),
  };
};
