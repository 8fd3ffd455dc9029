import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { GatewayProvider } from './ask.tsx';
import { GATEWAY_URL, takes } from './gateway.ts';
import { isReturning } from './identity/provider.ts';
import './page.css';

/** Whoever an issuer has sent back is signed in first; what it says against that, if anything. */
async function arrive(): Promise<Error | undefined> {
  if (!isReturning(window.location)) return undefined;
  try {
    const { finishSignIn } = await import('./identity/oidc.ts');
    await finishSignIn(GATEWAY_URL, takes);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

void arrive().then((problem) =>
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <GatewayProvider>
        <App problem={problem} />
      </GatewayProvider>
    </StrictMode>,
  ),
);
