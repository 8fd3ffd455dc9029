import type { ReactNode } from 'react';
import type { Figure } from './figures.tsx';

interface Props {
  readonly title: string;
  readonly figures?: readonly Figure[];
  readonly children?: ReactNode;
}

/** Drawings beside each other, as many as there is room for, and below them what they are made of. */
export function Section({ title, figures = [], children }: Props): ReactNode {
  return (
    <section className="part">
      <h3>{title}</h3>
      <Drawings figures={figures} />
      {children}
    </section>
  );
}

export function Drawings({ figures }: { readonly figures: readonly Figure[] }): ReactNode {
  if (figures.length === 0) return null;
  return (
    <div className="drawings">
      {figures.map(({ name, drawing }) => (
        <div key={name} id={name}>
          {drawing}
        </div>
      ))}
    </div>
  );
}
