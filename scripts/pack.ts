/** What is published, into dist/: the command and the client as npm packages, the chart where helm is there. Run by `make pack`. */
import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { packClient } from './pack/pack-client.ts';
import { packCommand } from './pack/pack-command.ts';
import { DIST, ROOT } from './pack/root.ts';

for (const path of [await packCommand(), await packClient()]) console.log(relative(ROOT, path));

const { status, error, stdout, stderr } = spawnSync('helm', ['package', 'helm/kneepoint', '--destination', DIST], {
  cwd: ROOT,
  encoding: 'utf8',
});
if (error !== undefined) console.log('the chart is not packed: there is no helm');
else if (status !== 0) throw new Error(stderr);
else console.log(stdout.trim());
