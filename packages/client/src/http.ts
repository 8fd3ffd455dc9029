/** Why a request got no answer, in few words: what the innermost cause says. */
export function reasonOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer within the time limit';
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return cause.message === '' ? code || cause.name : cause.message;
}

/** Whether an answer is a page for people, as proxies and login forms send it in the place of what was asked for. */
export function isPage(response: Response, text: string): boolean {
  return response.headers.get('content-type')?.includes('text/html') === true || /^\s*<(!doctype|html)/i.test(text);
}

/** An answer that was not expected, described for whoever has to find out who gave it. */
export function describeAnswer(response: Response, text: string): string {
  const status = `${response.status} ${response.statusText}`.trim();
  if (isPage(response, text)) {
    const title = /<title[^>]*>([^<]{1,200})/i.exec(text)?.[1]?.trim();
    return `a page of HTML (${status}${title ? `, "${title}"` : ''})`;
  }
  const start = text.replace(/\s+/g, ' ').trim().slice(0, 100);
  return `${status} with ${start === '' ? 'nothing in it' : JSON.stringify(start)}`;
}
