import type { Claim } from './claim.ts';
import type { Figure } from './figures/figures.ts';
import { table } from './markdown.ts';
import { tablesOf } from './tables.ts';
import type { Reproduction } from './results.ts';

/** The page of a reproduction, as Markdown. Pure. `figures` is where the figures lie, as the page names them. */
export function pageOf(
  results: Reproduction,
  claims: readonly Claim[],
  figures: readonly Figure[],
  folder = 'figures',
): string {
  const { profile, data, images, machine, networks } = results;
  const own = profile.name === 'own';
  const count = (verdict: Claim['verdict']): number => claims.filter((claim) => claim.verdict === verdict).length;
  const shown = (name: string | null): string => (name === null ? 'table' : `[figure](${folder}/${name}.svg)`);
  const parts = [
    '# The paper, reproduced',
    `Everything on this page is written by \`kneepoint reproduce\`${own ? ' from your own data' : ''} and follows from \`results.json\`. ` +
      'The paper is "Low-Cost Transfer Learning of Face Tasks" ([arXiv 1901.02675](https://arxiv.org/abs/1901.02675)).',
    setup(results),
    `## What holds\n\nOf ${claims.length} claims ${count('holds')} hold, ${count('does not hold here')} do not hold here, ${count('cannot be told')} cannot be told.\n\n` +
      table(
        ['where', 'claim', 'here', 'because', ''],
        claims.map((claim) => [claim.place, claim.claim, `**${claim.verdict}**`, claim.said, shown(claim.figure)]),
      ),
    '## Figures',
    ...figures.map(
      ({ name, paper, title }) => `### ${paper}\n\n![${title}](${folder}/${name}.svg)${saidOf(claims, name)}`,
    ),
    '## Tables',
    ...tablesOf(results).flatMap(({ title, note, head, rows }) => [
      `### ${title}`,
      ...(note === null ? [] : [note]),
      table(head, rows),
    ]),
    `Measured on ${machine}; ${images} images of ${data}, ${networks.length} networks. Times are of this machine, everything else follows from the seed.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function setup({ profile, data, images, networks, wide, tasks }: Reproduction): string {
  if (profile.name === 'own') {
    const count = networks.length === 1 ? 'A network' : `${networks.length} networks`;
    return `${count} on ${images} images of ${data}: ${tasks.join(', ')}.`;
  }
  const larger = profile.faces - profile.smaller;
  const share =
    profile.name === 'quick'
      ? ' **This is the quick share: too few faces and epochs for its figures to say much.**'
      : '';
  const besides =
    wide === null || profile.wide === null
      ? ''
      : ` A larger network of the same layers, ${wide.name}, was trained for identity for ${profile.wide.epochs} epochs: the small networks are cut from it, since a tiny one cannot be told from the call by its time.`;
  return (
    `${data}: a drawn head turns in space, so that yaw and pitch are geometry; light, background, noise, blur and crop vary. ${larger} faces train and validate ` +
    `${networks.length} networks of thirteen convolutions, one for each task, for ${profile.primaryEpochs} epochs; the other ${images}, of the same people, teach the satellite tasks, ` +
    `which are split by person (identity by picture), three times at random. A network's own accuracy is read on those too, none of which it has seen.${besides}${share}`
  );
}

/** What a figure decides, below it. */
function saidOf(claims: readonly Claim[], name: string): string {
  const own = claims.filter(({ figure }) => figure === name);
  return own.map(({ claim, verdict, said }) => `\n\n${claim}: **${verdict}**. ${said}`).join('');
}
