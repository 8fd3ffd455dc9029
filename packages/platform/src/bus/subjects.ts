import { Failure } from '@kneepoint/failures';

const TOKEN = /^[A-Za-z0-9_-]{1,128}$/;

/** The same rules as NATS, narrowed to characters that are safe in stream names and URLs too. */
export function checkSubject(subject: string): string {
  if (subject.length === 0 || !subject.split('.').every((token) => TOKEN.test(token))) {
    throw invalid(subject, 'join tokens of letters, digits, "-" and "_" with dots, such as "jobs.extractor"');
  }
  return subject;
}

/** As `checkSubject`, with `*` for one token and `>` for the rest. */
export function checkPattern(pattern: string): string {
  const tokens = pattern.split('.');
  const valid = tokens.every(
    (token, index) => TOKEN.test(token) || token === '*' || (token === '>' && index === tokens.length - 1),
  );
  if (!valid) throw invalid(pattern, 'use "*" for one token and ">" only as the last one, such as "events.run.*"');
  return pattern;
}

const JOBS = 'jobs.';

/** The service that a job subject names: `jobs.extractor` → `extractor`. Throws BUS_SUBJECT_INVALID. */
export function serviceOf(subject: string): string {
  checkSubject(subject);
  const service = subject.slice(JOBS.length);
  if (!subject.startsWith(JOBS) || service.includes('.') || service === '') {
    throw invalid(subject, 'publish jobs to "jobs.<service>"; use broadcast for anything else');
  }
  return service;
}

/** A single subject token, such as a service name. Throws BUS_SUBJECT_INVALID. */
export function checkToken(token: string): string {
  if (!TOKEN.test(token)) throw invalid(token, 'use 1 to 128 letters, digits, "-" and "_"');
  return token;
}

export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const given = subject.split('.');
  for (const [index, token] of wanted.entries()) {
    if (token === '>') return given.length > index;
    if (given[index] === undefined || (token !== '*' && token !== given[index])) return false;
  }
  return wanted.length === given.length;
}

function invalid(subject: string, fix: string): Failure {
  return new Failure('BUS_SUBJECT_INVALID', `"${subject}" is not a subject`, { where: subject, fix });
}
