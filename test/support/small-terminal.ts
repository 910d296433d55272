/** A terminal that knows what a redrawn display needs: moving up and down, erasing lines, wrapping and scrolling. ASCII only. */
export class SmallTerminal {
  readonly isTTY = true;
  columns: number | undefined;
  rows: number | undefined;
  /** All lines since the beginning; those above the last `rows` are out of reach. */
  readonly lines: string[] = [''];
  /** Lines that were longer than a row. */
  wrapped = 0;
  writes = 0;
  #row = 0;
  #column = 0;

  constructor(columns: number | undefined, rows: number | undefined) {
    this.columns = columns;
    this.rows = rows;
  }

  /** The lines without empty ones at the end. */
  get text(): string {
    return this.lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  write(text: string): void {
    this.writes++;
    for (const [token, count = '1', command] of text.replaceAll('\u001b[', '\0').matchAll(/\0\??(\d*)([A-Za-z])|./gs)) {
      if (command === undefined) this.#put(token);
      else this.#obey(command, Number(count || 1));
    }
  }

  #put(character: string): void {
    if (character === '\n') {
      this.#row++;
      this.#column = 0;
      this.lines[this.#row] ??= '';
      return;
    }
    if (this.#column >= (this.columns || 80)) {
      this.wrapped++;
      this.#put('\n');
    }
    const line = (this.lines[this.#row] ?? '').padEnd(this.#column);
    this.lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column++;
  }

  #obey(command: string, count: number): void {
    const top = Math.max(0, this.lines.length - (this.rows || 24));
    if (command === 'A') this.#row = Math.max(top, this.#row - count);
    else if (command === 'B') this.#row = Math.min(this.lines.length - 1, this.#row + count);
    else if (command === 'G') this.#column = count - 1;
    else if (command === 'K')
      this.lines[this.#row] = count === 2 ? '' : (this.lines[this.#row] ?? '').slice(0, this.#column);
    else if (!'hlm'.includes(command)) throw new Error(`this terminal does not know ESC [ ${count} ${command}`);
  }
}
