/** What is published, into dist/: the command and the client as npm packages, the chart where helm is there. Run by `make pack`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { relative } from 'node:path';
import { packClient } from './pack/pack-client.ts';
import { packCommand } from './pack/pack-command.ts';
import { CHARTS, ROOT } from './pack/root.ts';
import { findService } from './services/find.ts';

for (const path of [await packCommand(), await packClient()]) console.log(relative(ROOT, path));

const helm = findService('helm');
if (helm === undefined) console.log('the chart is not packed: there is no helm; `make services` installs it');
else {
  mkdirSync(CHARTS, { recursive: true });
  const args = ['package', 'helm/kneepoint', '--destination', CHARTS];
  console.log(relative(ROOT, execFileSync(helm, args, { cwd: ROOT, encoding: 'utf8' }).trim().split(': ').at(-1)!));
}
