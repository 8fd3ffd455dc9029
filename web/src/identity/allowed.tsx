import type { ReactNode } from 'react';
import { useAsk } from '../ask.tsx';
import { words } from '../format.ts';
import { OverviewDocument, type Role } from '../generated/graphql.ts';

/** Each may what those before it may. */
const ROLES: readonly Role[] = ['VIEWER', 'OPERATOR', 'ADMIN'];

interface Props {
  /** The least role that may do it. */
  readonly least: Role;
  /** What it is, such as "Packaging a network"; said to whoever may not. Nothing is said where it is absent. */
  readonly what?: string;
  readonly children: ReactNode;
}

/** What whoever asks may do; the gateway refuses others, so it is not offered to them. */
export function Allowed({ least, what, children }: Props): ReactNode {
  const { data } = useAsk(OverviewDocument, {});
  if (data === undefined) return null;
  const { role, project } = data.viewer;
  if (ROLES.indexOf(role) >= ROLES.indexOf(least)) return children;
  if (what === undefined) return null;
  return (
    <span className="quiet">
      {what} is for an {words(least)} of the project {project}; you are a {words(role)} there.
    </span>
  );
}
