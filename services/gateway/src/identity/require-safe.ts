import { Failure } from '@kneepoint/failures';
import type { Services } from '../context.ts';
import { isLoopback } from '../http/admission.ts';

/** Throws CONFIG_INVALID where anybody on a network could do anything without having been meant to; says so where nobody could get in. */
export function requireSafe({ config, log, localToken }: Services): void {
  const { auth, allowAnybody, adminToken, oidc } = config.identity;
  if (auth === 'none' && !allowAnybody && !isLoopback(config.host)) {
    throw new Failure('CONFIG_INVALID', `without identities, anybody who reaches ${config.host} could do anything`, {
      where: 'KNEEPOINT_AUTH',
      fix: 'leave KNEEPOINT_AUTH out, or listen on 127.0.0.1; if it is meant, say so again with KNEEPOINT_ALLOW_ANYBODY=true',
    });
  }
  if (auth === 'none')
    log.warn({ host: config.host }, 'nobody is asked who they are: whoever reaches this gateway may do anything');
  else if (adminToken === undefined && oidc === undefined && localToken === undefined) {
    log.warn('only tokens of the database let anybody in; `kneepoint token create --database` makes one');
  }
}
