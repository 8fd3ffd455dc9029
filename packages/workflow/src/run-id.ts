/** A run as people meet it: the gateway's id of its row. */
export function publicRunId(id: string): string {
  return Buffer.from(`Run:${id}`).toString('base64url');
}
