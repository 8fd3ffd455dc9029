import { Component, type ReactNode } from 'react';
import { Problem } from './problem.tsx';

interface Props {
  readonly children: ReactNode;
}

/** A page that fails says so, and leaves the way to the others open. */
export class Boundary extends Component<Props, { readonly error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <>
        <h1>This page failed</h1>
        <p>That is a defect of the page, not of your data. Reload it, or go on with another.</p>
        <Problem error={error} />
      </>
    );
  }
}
