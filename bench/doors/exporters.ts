import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Who writes networks with fresh weights, each in a Python environment of its own. */
export interface Exporter {
  readonly name: string;
  readonly packages: readonly string[];
  /** Installed without what they ask for: it is there already, or not needed to export. */
  readonly alone?: readonly string[];
  /** The least Python that its packages take, as a minor version of 3; 10 where nothing is said. */
  readonly since?: number;
}

const TORCH = ['torch==2.15.0', 'torchvision==0.29.2', 'onnx==1.23.2', 'onnxscript==0.7.2'];

export const EXPORTERS: readonly Exporter[] = [
  { name: 'tf2onnx', packages: ['tensorflow-cpu==2.21.0', 'keras==3.15.1', 'tf2onnx==1.17.0'] },
  { name: 'keras', packages: ['tensorflow-cpu==2.21.0', 'keras==3.15.1', 'tf2onnx==1.17.0'] },
  { name: 'jax2onnx', packages: ['jax2onnx==0.17.1', 'flax==0.12.12'], since: 12 },
  {
    name: 'paddle2onnx',
    packages: ['paddlepaddle==3.3.1', 'paddle2onnx==2.1.0', 'packaging==26.4', 'setuptools==65.5.0'],
  },
  { name: 'timm', packages: [...TORCH, 'timm==1.0.31'] },
  {
    name: 'ultralytics',
    packages: [
      ...TORCH,
      'opencv-python-headless==4.14.0.94',
      'ultralytics-thop==2.2.3',
      'matplotlib==3.11.2',
      'polars==2.1.0',
      'pyyaml==6.0.3',
      'requests==2.34.2',
      'psutil==7.2.2',
      'scipy==1.17.1',
    ],
    alone: ['ultralytics==8.4.190'],
  },
];

const run = promisify(execFile);
/** For one exporter, all its networks. */
const LIMIT_MS = 1_800_000;
/** The newest Python that is looked for by its name, as a minor version of 3. */
const NEWEST = 14;

/** Exports every network of an exporter into a folder, which it gives back. Throws what pip or Python says. */
export async function exported({ name, packages, alone = [], since = 10 }: Exporter, under: string): Promise<string> {
  const [environment, folder] = [
    join(under, 'environments', [...packages].sort().join('+').slice(0, 60)),
    join(under, 'exports', name),
  ];
  if (existsSync(folder)) return folder;
  const interpreter = join(environment, 'bin', 'python');
  if (!existsSync(interpreter)) {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    try {
      await run(await pythonSince(since), ['-m', 'venv', environment]);
      await run(interpreter, [...pip, ...packages], { timeout: LIMIT_MS });
      if (alone.length > 0) await run(interpreter, [...pip, '--no-deps', ...alone], { timeout: LIMIT_MS });
    } catch (error) {
      await rm(environment, { recursive: true, force: true });
      throw error;
    }
  }
  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  // Named as the exporter itself, a script would be imported in its place.
  const script = join(import.meta.dirname, 'exporters', `by-${name}.py`);
  const env = {
    ...process.env,
    PATH: [await withoutPip(under), process.env['PATH']].join(delimiter),
    CUDA_VISIBLE_DEVICES: '',
    TF_CPP_MIN_LOG_LEVEL: '3',
    YOLO_OFFLINE: 'true',
  };
  await run(interpreter, ['-B', script], { cwd: fresh, env, timeout: LIMIT_MS, maxBuffer: 2 ** 26 });
  await rename(fresh, folder);
  return folder;
}

/** An interpreter that is new enough: `PYTHON`, or the first of the usual names that runs. A name alone proves nothing, as version managers lay one for each. */
async function pythonSince(minor: number): Promise<string> {
  const named = process.env['PYTHON'];
  const names = ['python3', ...Array.from({ length: NEWEST - minor + 1 }, (_, i) => `python3.${minor + i}`)];
  for (const name of named === undefined ? names : [named]) {
    const check = `import sys; sys.exit(sys.version_info < (3, ${minor}))`;
    const isFit = await run(name, ['-c', check]).then(
      () => true,
      () => false,
    );
    if (isFit) return name;
  }
  throw new Error(`there is no Python from 3.${minor} on; PYTHON names its interpreter`);
}

/** A folder with a pip that does nothing: some exporters start one by themselves. */
async function withoutPip(under: string): Promise<string> {
  const folder = join(under, 'without-pip');
  await mkdir(folder, { recursive: true });
  for (const name of ['pip', 'pip3']) {
    await writeFile(join(folder, name), '#!/bin/sh\nexit 0\n');
    await chmod(join(folder, name), 0o755);
  }
  return folder;
}
