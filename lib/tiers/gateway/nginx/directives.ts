/** A word of nginx's configuration. Variables in it, such as `$host`, are replaced by nginx. */
type Word = string | number;

/** One statement of nginx's configuration: its words, and what stands in its block where it has one. */
export interface Directive {
  readonly words: readonly Word[];
  readonly block?: readonly Directive[];
}

export const line = (...words: Word[]): Directive => ({ words });
export const block = (words: readonly Word[], lines: readonly Directive[]): Directive => ({ words, block: lines });

/** Headers of requests that nginx sends on; an empty one is not sent. */
export const headers = (values: Readonly<Record<string, string>>): Directive[] =>
  Object.entries(values).map(([name, value]) => line('proxy_set_header', name, value));

/** The text of a configuration file; every word stays one word, whatever is in it. */
export function render(directives: readonly Directive[], indent = ''): string {
  return directives
    .map(({ words, block: lines }) => {
      const start = `${indent}${words.map(quoted).join(' ')}`;
      return lines ? `${start} {\n${render(lines, `${indent}  `)}${indent}}\n` : `${start};\n`;
    })
    .join('');
}

/** https://nginx.org/en/docs/beginners_guide.html#conf_structure says what ends a word; a quoted one knows escapes. */
function quoted(word: Word): string {
  const text = String(word);
  if (/^[^\s;{}"'\\#]+$/.test(text)) return text;
  return `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`;
}
