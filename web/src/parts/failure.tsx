import type { ReactNode } from 'react';
import { useAsk } from '../ask.tsx';
import { FailureCuresDocument } from '../generated/graphql.ts';

interface Props {
  readonly code: string;
  readonly message: string;
  readonly where: string | null;
  readonly fix: string | null;
}

/** Why a run failed: what was wrong here, what would be right, and what the registry says of such failures. */
export function FailureCard({ code, message, where, fix }: Props): ReactNode {
  const { data } = useAsk(FailureCuresDocument, {});
  const known = data?.failureCodes.find((one) => one.code === code);
  return (
    <div className="problem" role="alert">
      <p>
        <code>{code}</code> {message} {where !== null && <span className="quiet">({where})</span>}
      </p>
      {fix !== null && <p>{fix}</p>}
      {known && (
        <p className="quiet">
          {known.cause} {known.cure}
          {known.retryable && ' The same again may succeed.'}
        </p>
      )}
    </div>
  );
}
