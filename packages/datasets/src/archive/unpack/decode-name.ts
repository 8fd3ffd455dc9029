const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** A name in an archive that does not say how it is written: UTF-8 where it is that, else what `otherwise` makes of it. */
export function decodeName(bytes: Uint8Array, otherwise?: string): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return otherwise ?? Buffer.from(bytes).toString('latin1');
  }
}
