import { type ReactNode, useState } from 'react';
import { useAsk } from '../ask.tsx';
import { GATEWAY_URL } from '../gateway.ts';
import { OverviewDocument } from '../generated/graphql.ts';
import { forgetAccess, keptAccess } from './access.ts';

/** Who is signed in, and the way out; nothing where nobody had to sign in. */
export function Account(): ReactNode {
  const { data } = useAsk(OverviewDocument, {});
  const [isLeaving, setLeaving] = useState(false);
  const access = keptAccess();
  if (access === null) return null;
  const leave = (): void => {
    setLeaving(true);
    if (access.by === 'issuer') {
      // Where the issuer is away, it is left without being told.
      import('./oidc.ts').then(({ signOut }) => signOut(GATEWAY_URL)).catch(() => leaveAtOnce());
      return;
    }
    leaveAtOnce();
  };
  return (
    <div className="account">
      {data && (
        <span className="quiet">
          {data.viewer.name} in {data.viewer.project}
        </span>
      )}
      <button type="button" disabled={isLeaving} onClick={leave}>
        Sign out
      </button>
    </div>
  );
}

function leaveAtOnce(): void {
  forgetAccess();
  window.location.reload();
}
