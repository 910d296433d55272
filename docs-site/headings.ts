/** Code in headings: TypeDoc leaves it out of their anchors and of the list of what is on a page, repositories' pages do not. */

interface Token {
  readonly type: string;
  readonly content: string;
  children: Token[] | null;
}

interface State {
  readonly tokens: readonly Token[];
  readonly Token: new (type: string, tag: string, nesting: number) => { content: string };
}

/** Of the parser of Markdown, markdown-it, what is needed here. */
interface Parser {
  readonly core: { readonly ruler: { push(name: string, rule: (state: State) => void): void } };
}

/** Makes the code in headings a text between two tags. */
export function nameCodeInHeadings(parser: Parser): void {
  parser.core.ruler.push('code_in_headings', ({ tokens, Token }) => {
    const token = (type: string, content: string): Token =>
      Object.assign(new Token(type, '', 0), { content }) as Token & { content: string };
    for (const [index, { type }] of tokens.entries()) {
      const text = type === 'heading_open' ? tokens[index + 1] : undefined;
      if (text === undefined) continue;
      text.children = (text.children ?? []).flatMap((child) =>
        child.type === 'code_inline'
          ? [token('html_inline', '<code>'), token('text', child.content), token('html_inline', '</code>')]
          : [child],
      );
    }
  });
}
