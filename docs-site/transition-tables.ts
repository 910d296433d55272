/** State diagrams as tables: nothing draws at run time, and a table is read by everything. */

/** The Markdown `text`, with a table in place of each block of a mermaid state diagram. */
export function transitionTables(text: string): string {
  return text.replaceAll(/^```mermaid\nstateDiagram-v2\n(.*?)^```$/gms, (_, diagram: string) => table(diagram));
}

function table(diagram: string): string {
  const names = new Map([...diagram.matchAll(/^ *state "(.*)" as (\w+)$/gm)].map(([, name, id]) => [id, name]));
  const named = (id = ''): string => `\`${names.get(id) ?? id}\``;
  const rows = [...diagram.matchAll(/^ *(\w+) --> (\w+): (.+)$/gm)].map(
    ([, from, to, event]) => `| ${named(from)} | \`${event}\` | ${named(to)} |`,
  );
  const first = /\[\*\] --> (\w+)/.exec(diagram)?.[1];
  const start = first === undefined ? '' : `The first state is ${named(first)}.\n\n`;
  return `${start}| in the state | the event | leads to |\n| --- | --- | --- |\n${rows.join('\n')}`;
}
