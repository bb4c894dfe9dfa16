/** Programs cut off what they quote, so that a part of a value tells, too. */
const telling = 8;

/** Leaves out the lines that quote a secret value, or a part of one. @param values none of which may be seen */
export function redacted(values: readonly string[]): (text: string) => string {
  const parts = new Set(values.flatMap((value) => value.split('\n')).flatMap(partsOf));
  return (text) =>
    text
      .split('\n')
      .map((line) => ([...parts].some((part) => line.includes(part)) ? '(left out: it quotes a secret value)' : line))
      .join('\n');
}

function partsOf(line: string): string[] {
  if (line.trim() === '' || line.startsWith('-----')) return [];
  if (line.length <= telling) return [line];
  return Array.from({ length: line.length - telling + 1 }, (_, start) => line.slice(start, start + telling));
}
