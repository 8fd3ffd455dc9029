// Asks the service in this container whether its event loop turns: on HEALTH_PORT, or where the gateway has none, on its own port.
const port = process.env.HEALTH_PORT || process.env.PORT || 4000;
const { ok } = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4000) });
process.exit(ok ? 0 : 1);
