export function bundled(source: string | URL): string | undefined;
export function stampOf(path: string): string;
