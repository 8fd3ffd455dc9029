import { type ReactNode, useMemo } from 'react';
import { Link } from 'wouter';
import { useAsk } from '../ask.tsx';
import { FailureCuresDocument, type FailureCuresQuery } from '../generated/graphql.ts';

type Cure = FailureCuresQuery['failureCodes'][number];

/** What the registry says of kinds of failures, by their codes. */
export function useCures(): ReadonlyMap<string, Cure> {
  const { data } = useAsk(FailureCuresDocument, {});
  return useMemo(() => new Map(data?.failureCodes.map((cure) => [cure.code, cure])), [data]);
}

/** A code, and the way to what is known of it. */
export function FailureCode({ code }: { readonly code: string }): ReactNode {
  return (
    <Link href={`/failures?${new URLSearchParams({ code })}`}>
      <code>{code}</code>
    </Link>
  );
}

interface Props {
  readonly code: string;
  readonly message: string;
  readonly where: string | null;
  readonly fix: string | null;
}

/** Why a run failed: what was wrong here, what would be right, and what the registry says of such failures. */
export function FailureCard({ code, message, where, fix }: Props): ReactNode {
  const known = useCures().get(code);
  return (
    <div className="problem" role="alert">
      <p>
        <FailureCode code={code} /> {message} {where !== null && <span className="quiet">({where})</span>}
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
