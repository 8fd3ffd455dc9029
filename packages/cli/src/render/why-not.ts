/** Why a layer cannot be pruned, with the node and the operator in the way where the words do not name them; empty where it can. */
export function whyNot({
  reason,
  frozenBy,
}: {
  readonly reason: string | null;
  readonly frozenBy?: { readonly node: string; readonly operator: string; readonly reason: string } | null;
}): string {
  if (reason === null) return '';
  if (!frozenBy || reason.includes(frozenBy.node)) return reason;
  return `${reason} [${frozenBy.node} (${frozenBy.operator})]`;
}
