/** A service's address for logs and messages: user, password and query left out. */
export function redactUrl(url: string): string {
  return url.replace(/([a-z0-9+.-]+:\/\/)[^/]*@/gi, '$1').replace(/\?.*$/, '');
}
