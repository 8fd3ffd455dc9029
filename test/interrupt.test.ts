import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '@kneepoint/workflow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JSON_HEADERS, kneepoint, Kneepoint, makeSample, type Sample } from './support/kneepoint.ts';
import { isAlive, taskProcessesOf } from './support/task-processes.ts';

const TASK = 'yaw';
const EPOCHS = 2;
/** In the order of the work; each is a kind of step, and the moment at which somebody loses patience. */
const MOMENTS = ['IMPORT_MODEL', 'IMPORT_DATASET', 'EXTRACT', 'REGRESS', 'PRUNE', 'FINETUNE', 'REPORT'] as const;

interface StepView {
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  readonly reused: boolean;
}

interface RunWithSteps {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly reused: boolean;
  readonly steps: readonly StepView[];
}

let folder: string;
let data: string;
let out: string;
let sample: Sample;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kneepoint-interrupt-'));
  data = join(folder, 'data');
  out = join(folder, 'out');
  sample = await makeSample(join(folder, 'sample'), { count: 120, widths: [8, 'pool', 12] });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function compressArguments(epsilon = 0.05): readonly string[] {
  const what = ['--model', sample.model, '--data', sample.faces, '--task', TASK, '--epsilon', String(epsilon)];
  const arms = ['--arms', 'finetuned,scratch', '--no-teacher', '--epochs', String(EPOCHS)];
  return ['compress', ...what, ...arms, '--out', out, '--data-dir', data, '--json'];
}

async function runsOf(url: string): Promise<readonly RunWithSteps[]> {
  const query =
    'query($first: Int!) { runs(first: $first) { edges { node { id kind state reused steps(first: 100) { edges { node { kind name state reused } } } } } } }';
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify({ query, variables: { first: 30 } }),
  });
  type Listed = Omit<RunWithSteps, 'steps'> & { steps: { edges: { node: StepView }[] } };
  const { data } = (await response.json()) as { data: { runs: { edges: { node: Listed }[] } } };
  return data.runs.edges.map(({ node }) => ({ ...node, steps: node.steps.edges.map((edge) => edge.node) }));
}

/**
 * Stops each process in which the command computes as it appears, until `isWanted`, and leaves that one stopped: what is done next meets
 * the work in the middle, on a machine of any speed. Returns what lets it go on.
 */
async function halted(command: Kneepoint, isWanted: () => Promise<boolean>): Promise<() => void> {
  const seen = new Set<number>();
  while (command.child.exitCode === null) {
    for (const pid of taskProcessesOf(command.child.pid!)) {
      if (seen.has(pid)) continue;
      seen.add(pid);
      const signal = (name: NodeJS.Signals) => void (isAlive(pid) && process.kill(pid, name));
      signal('SIGSTOP');
      if (await isWanted()) return () => signal('SIGCONT');
      signal('SIGCONT');
    }
    await sleep(15);
  }
  throw new Error(`the command ended before that:\n${command.output}`);
}

/** Waits until a step of that kind is being worked on by the server inside the command, and halts it there. */
function reaches(command: Kneepoint, kind: string): Promise<() => void> {
  return halted(command, async () => {
    const { url } = JSON.parse(await readFile(join(data, 'server.json'), 'utf8')) as { url: string };
    const steps = (await runsOf(url)).flatMap((run) => run.steps);
    return steps.some((step) => step.kind === kind && step.state === 'RUNNING');
  });
}

const list = (path: string): Promise<string[]> => readdir(path).catch(() => []);

describe('Ctrl-C during compress', () => {
  it.each(MOMENTS)('at the step %s ends with 130 and leaves nothing half-done', async (moment) => {
    const command = new Kneepoint(compressArguments());
    const release = await reaches(command, moment);
    command.interrupt();
    release();
    const { code, stdout, stderr } = await command.finished();
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(stderr).toContain('interrupted; what was finished is kept, run the same command again to go on');
    expect(await list(out)).toEqual([]);
    expect(await list(join(data, 'work'))).toEqual([]);
    expect(await list(join(data, 'artifacts/tmp'))).toEqual([]);
    expect(await list(data)).not.toContain('server.json');
  });

  let first: string;

  it('is made good by the same command: it goes on from what was finished', async () => {
    const { code, stdout, stderr } = await kneepoint(compressArguments());
    expect({ code, error: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, error: '' });
    first = stdout;
    expect((await list(out)).sort()).toEqual([
      'figures',
      'report.html',
      'report.json',
      'small-yaw-0.05.onnx',
      'small-yaw-0.05.preprocess.json',
      'small-yaw-0.05.report.md',
    ]);
    expect(JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))).toEqual(JSON.parse(first));
  });

  it('as kill -9 does no harm: the next command takes over what the dead one held', async () => {
    const killed = new Kneepoint(compressArguments(0.2));
    const release = await reaches(killed, 'FINETUNE');
    killed.child.kill('SIGKILL');
    release();
    expect((await killed.finished()).signal).toBe('SIGKILL');
    expect(await list(out)).toHaveLength(6);
    const { code, stdout, stderr } = await kneepoint(compressArguments(0.2));
    expect({ code, error: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, error: '' });
    // Of another ε, and the report of the last command.
    expect(await list(out)).toHaveLength(9);
    const { arms } = (JSON.parse(stdout) as Report).results[0]!;
    expect(arms.map(({ arm }) => arm)).toEqual(['refit', 'finetuned', 'scratch']);
    for (const { history } of arms.slice(1)) {
      const epochs = history.map(({ epoch }) => epoch).filter((epoch) => epoch > 0);
      expect(epochs).toEqual(Array.from({ length: EPOCHS }, (_, index) => index + 1));
    }
  });

  describe('and afterwards, with a server on the same folder,', () => {
    let server: Kneepoint;
    let url: string;

    beforeAll(async () => {
      server = new Kneepoint(['up', '--port', '0', '--data-dir', data], { env: { LOG_LEVEL: 'silent' } });
      url = (await server.says(/serves (http\S+)\/graphql/))[1]!;
    });

    afterAll(() => server.stop());

    it('the runs say what was reused, and none is left open', async () => {
      const runs = await runsOf(url);
      const compressions = runs.filter((run) => run.kind === 'COMPRESSION' && run.state === 'SUCCEEDED');
      const resumed = compressions.at(-1)!;
      // Interrupted at each step in turn, at last while it wrote the report: all else was there.
      expect(resumed.steps.filter((step) => !step.reused).map((step) => step.kind)).toEqual(['REPORT']);
      expect(resumed.reused).toBe(false);
      expect(new Set(runs.map((run) => run.state))).toEqual(new Set(['SUCCEEDED', 'CANCELED']));
    });

    it('the same command is served by it, does no work, says so and prints the same results', async () => {
      const before = (await runsOf(url)).length;
      const { code, stdout, stderr } = await kneepoint(compressArguments());
      expect(code).toBe(0);
      expect(stderr).toContain('this was computed before; nothing had to be done');
      // The results to the digit; whose run it was and when is the report's own.
      const [now, then] = [stdout, first].map((text) => JSON.parse(text) as Report);
      expect(now!.results).toEqual(then!.results);
      expect([now!.run.reused, then!.run.reused]).toEqual([true, false]);
      expect(now!.results[0]!.measured.run).toBe(then!.run.id);
      const [newest, ...others] = await runsOf(url);
      // Unchanged files are not even imported.
      expect([newest!.reused, others.length + 1 - before]).toEqual([true, 1]);
      expect(stderr).toContain(`${sample.faces} is unchanged: the data set faces is there already`);
    });

    it('a second server is refused, with the address of the first', async () => {
      const { code, stderr } = await kneepoint(['up', '--port', '0', '--data-dir', data], {
        env: { LOG_LEVEL: 'silent' },
      });
      expect(code).toBe(1);
      expect(stderr).toContain(
        `error DATABASE_IN_USE: ${join(data, 'database')} is in use by process ${server.child.pid}, which serves ${url}`,
      );
      expect(stderr).toContain(`fix use the server at ${url}`);
      expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ status: 'ready' });
    });
  });
});

describe('Ctrl-C during surgery', () => {
  it('ends with 130 and leaves no file', async () => {
    const target = join(folder, 'surgery');
    const command = new Kneepoint(['surgery', sample.model, '--out', join(target, 'small.onnx'), '--json'], {
      env: { TMPDIR: folder },
    });
    const release = await halted(command, async () =>
      (await list(folder)).some((name) => name.startsWith('kneepoint-surgery-')),
    );
    command.interrupt();
    release();
    const { code, stdout } = await command.finished();
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(await list(target)).toEqual([]);
    expect((await list(folder)).filter((name) => name.startsWith('kneepoint-'))).toEqual([]);
  });
});
