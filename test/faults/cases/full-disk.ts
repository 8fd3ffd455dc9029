import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RetryRunDocument } from '@kneepoint/client';
import { expect, it } from 'vitest';
import { globalId, localId } from '../../../services/gateway/src/domain/ids.ts';
import type { Fixture } from '../fixture.ts';

const DISK_KB = 1_024;
const ROOM_CODES = ['DISK_FULL', 'STORE_FULL'];

export function fullDisk({ world, trial }: Fixture): void {
  it.each([
    { what: 'what it reads', copies: 'gone' },
    { what: 'what it writes', copies: 'kept' },
  ] as const)(
    'a worker without room for $what fails with a code and leaves nothing half-written',
    async ({ copies }) => {
      const folder = world().dataDir('extractor');
      const disk = await smallDisk(folder);
      try {
        if (copies === 'kept') {
          await trial().forget('extract');
          await trial().afterRecovery(await trial().launch('analysis'));
        }
        await disk.fill();
        await trial().forget('extract');
        const run = await trial().launch('analysis');
        await trial().afterRecovery(run, { state: 'FAILED', outcomes: ['FAILED', 'FAILED', 'FAILED'] });
        const { failure } = await world().db.prisma.run.findUniqueOrThrow({ where: { id: run } });
        expect(ROOM_CODES).toContain((failure as { code: string }).code);
        expect((await files(folder)).filter((name) => /\.tmp$|^work\//.test(name))).toEqual([]);

        await disk.makeRoom();
        const again = await world()
          .client()
          .mutate(RetryRunDocument, { id: globalId('Run', run) });
        await trial().afterRecovery(localId('Run', again.run.id), { outcomes: ['SUCCEEDED'] });
      } finally {
        await disk.remove();
      }
    },
  );

  /** A disk of one megabyte for a process's data where this user may mount one; else no file of that process may grow. */
  async function smallDisk(folder: string) {
    const restart = async (fileLimitKb?: number) => {
      await world().process('extractor').stop('SIGKILL');
      await world().start('extractor', fileLimitKb === undefined ? {} : { fileLimitKb });
    };
    if (!mounted(folder)) {
      await rm(join(folder, 'cache'), { recursive: true, force: true });
      return { fill: () => restart(1), makeRoom: () => restart(), remove: () => Promise.resolve() };
    }
    const filler = join(folder, 'filler');
    return {
      fill: async () => {
        await mkdir(join(folder, 'work'), { recursive: true });
        // Beyond the room that there is: what was written until then stays.
        await writeFile(filler, Buffer.alloc(2 * DISK_KB * 1024)).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOSPC') throw error;
        });
      },
      makeRoom: () => rm(filler),
      remove: async () => {
        await world().process('extractor').stop('SIGKILL');
        execFileSync('umount', [folder]);
        await world().start('extractor');
      },
    };
  }
}

function mounted(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_KB}k`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function files(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
