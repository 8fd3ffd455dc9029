/** Where the empty database is kept that this version of PGlite makes. */
export function place(): string;
