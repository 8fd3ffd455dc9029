/** Seconds for which a claimed step belongs to its worker; a worker at work extends them three times as often. */
export const DEFAULT_LEASE_SECONDS = 30;
