import type { ChannelAnalysis } from '../analysis/analysis.ts';

/** The classes that may go, in groups of those that span the same layers with equally many filters in each; ids ascend. */
export function classGroups({ classes }: ChannelAnalysis): number[][] {
  const groups = new Map<string, number[]>();
  for (const { id, members, frozen } of classes) {
    if (frozen) continue;
    const span = JSON.stringify(members.map((member) => [member.layer, member.filters.length]));
    const group = groups.get(span);
    if (group) group.push(id);
    else groups.set(span, [id]);
  }
  return [...groups.values()];
}
