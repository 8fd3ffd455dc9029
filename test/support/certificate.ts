import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a server of this machine that an authority of its own has signed. */
export interface Certificate {
  readonly authorityFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes an authority that nobody knows, and a certificate of it for 127.0.0.1 and localhost, good for a day. */
export function makeCertificate(folder: string): Certificate {
  const at = (name: string): string => join(folder, name);
  const openssl = (...options: string[]): void => {
    execFileSync('openssl', options, { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '1',
    '-subj',
    '/CN=An authority',
    '-keyout',
    at('authority.key'),
    '-out',
    at('authority.pem'),
  );
  openssl('req', ...key, '-subj', '/CN=localhost', '-keyout', at('key.pem'), '-out', at('request.pem'));
  openssl(
    ...[
      'x509',
      '-req',
      '-in',
      at('request.pem'),
      '-CA',
      at('authority.pem'),
      '-CAkey',
      at('authority.key'),
      '-CAcreateserial',
    ],
    ...['-days', '1', '-extfile', at('names'), '-out', at('cert.pem')],
  );
  return { authorityFile: at('authority.pem'), certFile: at('cert.pem'), keyFile: at('key.pem') };
}
