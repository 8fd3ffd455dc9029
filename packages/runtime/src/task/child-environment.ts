/** Names, or beginnings ending in `*`, of the variables that a task's process gets to see. */
const PASSED = [
  'PATH',
  'HOME',
  'USER',
  'TMPDIR',
  'TMP',
  'TEMP',
  'TZ',
  'LANG',
  'LC_*',
  'LD_LIBRARY_PATH',
  'DYLD_*',
  'SYSTEMROOT',
  'NODE_ENV',
  'CUDA_*',
  'NVIDIA_*',
  'OMP_*',
  'ORT_*',
  'UV_THREADPOOL_SIZE',
  'VIPS_*',
];

/**
 * A GPU computes in float32 unless the environment says otherwise: what a CPU and a GPU find counts as the same result. By itself it
 * rounds what it multiplies to TF32's 10 bits, and ONNX Runtime's binding has no option for it.
 */
const FLOAT32 = { NVIDIA_TF32_OVERRIDE: '0' };

/**
 * The environment of a task's process: a list of what it needs and nothing else. It runs models from strangers, and the
 * service around it holds passwords of databases and stores in its own environment.
 */
export function childEnvironment(
  parent: NodeJS.ProcessEnv,
  extra: Readonly<Record<string, string>>,
  tsconfig: string,
): NodeJS.ProcessEnv {
  const kept = Object.entries(parent).filter(([name]) => PASSED.some((pattern) => matches(name, pattern)));
  return { ...FLOAT32, ...Object.fromEntries(kept), TSX_TSCONFIG_PATH: tsconfig, ...extra };
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
