import type { TypedDocumentString } from '@kneepoint/client';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useChange } from '../ask.tsx';
import { Allowed } from '../identity/allowed.tsx';
import { Problem } from './problem.tsx';

interface Props {
  readonly id: string;
  readonly name: string;
  readonly rename: TypedDocumentString<unknown, { id: string; name: string }>;
  readonly remove: TypedDocumentString<unknown, { id: string }>;
}

/** Another name for something, or none any more; nothing for those who may do neither. */
export function NameControls(props: Props): ReactNode {
  return (
    <Allowed least="ADMIN">
      <Change {...props} />
    </Allowed>
  );
}

function Change({ id, name, rename, remove }: Props): ReactNode {
  const queries = useQueryClient();
  const [isSure, setSure] = useState(false);
  const [next, setNext] = useState<string | null>(null);
  const change = useChange((gateway, way: { name: string } | 'remove') =>
    way === 'remove'
      ? gateway.mutate<Record<string, never>>(remove.toString(), { id })
      : gateway.mutate<Record<string, never>>(rename.toString(), { id, ...way }),
  );
  const done = {
    onSuccess: () => {
      setNext(null);
      void queries.invalidateQueries();
    },
  };
  return (
    <>
      {next === null ? (
        <button type="button" onClick={() => setNext(name)}>
          Rename
        </button>
      ) : (
        <form
          className="inline"
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate({ name: next }, done);
          }}
        >
          <input aria-label={`New name of ${name}`} value={next} onChange={({ target }) => setNext(target.value)} />
          <button type="submit">Keep</button>
        </form>
      )}{' '}
      <button type="button" onClick={() => (isSure ? change.mutate('remove', done) : setSure(true))}>
        {isSure ? `Really remove ${name}?` : 'Remove'}
      </button>
      {change.error && <Problem error={change.error} />}
    </>
  );
}
