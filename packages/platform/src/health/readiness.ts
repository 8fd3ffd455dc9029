export interface Readiness {
  readonly ready: boolean;
  /** `status`, and for each part "ok" or what is wrong. */
  readonly report: Readonly<Record<string, string>>;
}

/** Asks every part at once whether it can be used now; a part says no by throwing. */
export async function checkReadiness(checks: Readonly<Record<string, () => Promise<void>>>): Promise<Readiness> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await check();
        return [name, 'ok'] as const;
      } catch (error) {
        return [name, error instanceof Error ? error.message : String(error)] as const;
      }
    }),
  );
  const ready = results.every(([, state]) => state === 'ok');
  return { ready, report: { status: ready ? 'ready' : 'not ready', ...Object.fromEntries(results) } };
}
