/** The few Markdown forms that generated pages use, spaced as Prettier spaces them. */

/** A fixed-width word; empty text stays empty. */
export const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

/** Text that must not be read as markup. */
export const plain = (text: string): string => text.replace(/[<*]/g, '\\$&');

/** Several of them in one cell. */
export const codes = (texts: readonly string[]): string => texts.map(code).join(', ');

export const link = (text: string, to: string): string => `[${text}](${to})`;

/** A table with aligned columns; a sentence where there is no row. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], none = 'None.'): string {
  if (rows.length === 0) return none;
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) => `| ${widths.map((width, i) => (row[i] ?? '').padEnd(width)).join(' | ')} |`;
  const [first = [], ...rest] = cells;
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}

export const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');

export const numbered = (items: readonly string[]): string => items.map((item, i) => `${i + 1}. ${item}`).join('\n');

export const fence = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

/** Paragraphs, each separated by an empty line. */
export const page = (...blocks: readonly string[]): string => `${blocks.filter((block) => block !== '').join('\n\n')}\n`;

/** Replaces what stands between `<!-- generated: name -->` and `<!-- end -->`; an unknown name is an error. */
export function fillSections(text: string, sections: Readonly<Record<string, string>>): string {
  return text.replace(/(<!-- generated: ([\w-]+) -->)[^]*?(<!-- end -->)/g, (_, open: string, name: string, end: string) => {
    const content = sections[name];
    if (content === undefined) throw new Error(`there is no generated section ${name}`);
    return `${open}\n\n${content}\n\n${end}`;
  });
}
