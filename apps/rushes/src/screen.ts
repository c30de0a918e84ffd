/** A picture of some lines that is redrawn in place for as long as somebody looks. */
export type Screen = {
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was, with the last picture on it. */
  close(): void;
};

/** The parts of `process.stdout` that are used; a test passes its own. */
export type ScreenHost = { columns?: number; rows?: number; write(text: string): unknown };

/** A page of its own, which leaves what was on the terminal alone; and nobody's cursor blinks in a table. */
const OPEN = "\u001B[?1049h\u001B[?25l";
const CLOSE = "\u001B[?25h\u001B[?1049l";
const HOME = "\u001B[H";
const CLEAR_TO_END_OF_LINE = "\u001B[K";
const CLEAR_BELOW = "\u001B[J";

/** For terminals that do not tell their size. */
const USUAL = { columns: 80, rows: 24 };

export function openScreen(stdout: ScreenHost): Screen {
  let last: readonly string[] = [];
  stdout.write(OPEN);
  return {
    draw(lines) {
      const { columns = USUAL.columns, rows = USUAL.rows } = stdout;
      last = lines;
      // Longer lines would wrap and push the first ones out.
      const fitting = lines.slice(0, rows - 1).map((line) => line.slice(0, columns));
      const drawn = fitting.map((line) => `${line}${CLEAR_TO_END_OF_LINE}\r\n`).join("");
      stdout.write(`${HOME}${drawn}${CLEAR_BELOW}`);
    },
    close() {
      stdout.write(CLOSE);
      for (const line of last) stdout.write(`${line}\n`);
    },
  };
}
