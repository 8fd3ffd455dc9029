/** What people type that other tools have as a command, and what it is here. */
const MEANT: Readonly<Record<string, string>> = {
  cancel: 'runs RUN --cancel',
  kill: 'runs RUN --cancel',
  list: 'runs',
  ls: 'runs',
  logs: 'runs RUN --watch',
  serve: 'up',
  start: 'up',
  status: 'runs RUN',
  stop: 'runs RUN --cancel',
  watch: 'runs RUN --watch',
};

const UNKNOWN = /unknown command '([^']*)'/;
/** The most similar name, which is no help where the word means another. */
const SIMILAR = /\n\(Did you mean [^\n]*\)/;

/** An error as it is printed, with the command that does what an unknown one says. */
export function withMeant(text: string): string {
  const word = UNKNOWN.exec(text)?.[1] ?? '';
  if (!Object.hasOwn(MEANT, word)) return text;
  return text.replace(SIMILAR, '').replace('\n', `\n(Here that is: kneepoint ${MEANT[word]})\n`);
}
