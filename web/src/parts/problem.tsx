import { KneepointError } from '@kneepoint/client';
import type { ReactNode } from 'react';

/** What went wrong, and what would be right. */
export function Problem({ error }: { readonly error: Error }): ReactNode {
  const known = error instanceof KneepointError ? error : undefined;
  return (
    <div className="problem" role="alert">
      <p>
        {known && <code>{known.code}</code>} {error.message}
        {known?.where !== undefined && known.where !== null && <span className="quiet"> ({known.where})</span>}
      </p>
      {known?.fix !== undefined && known.fix !== null && <p>{known.fix}</p>}
    </div>
  );
}

/** What a page without content says: what would be here, and how it gets here. */
export function Empty({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
