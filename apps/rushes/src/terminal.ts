/** Where a command speaks to a person: whole lines, and one line at the bottom that is redrawn. */
export type Terminal = {
  say(line: string): void;
  /**
   * Replaces the line at the bottom. Where lines cannot be redrawn (a file, a pipe), `plain` is printed instead, when
   * it differs from the one before.
   */
  progress(line: string, plain: string): void;
  /** Takes the line at the bottom away. */
  endProgress(): void;
};

/** The parts of `process` that are used; a test passes its own. */
export type TerminalHost = { stdout: { isTTY?: boolean; columns?: number; write(text: string): unknown } };

const CLEAR_LINE = "\r\u001B[2K";

/** Nobody widens a terminal that does not tell its width. */
const USUAL_COLUMNS = 80;

export function openTerminal({ stdout }: TerminalHost): Terminal {
  const redraws = stdout.isTTY === true;
  let bottom = "";
  let lastPlain = "";

  function draw(line: string): void {
    if (redraws && (bottom !== "" || line !== "")) stdout.write(`${CLEAR_LINE}${line}`);
    bottom = line;
  }

  return {
    say(line) {
      const kept = bottom;
      draw("");
      stdout.write(`${line}\n`);
      draw(kept);
    },
    progress(line, plain) {
      // A line that wraps cannot be taken back, so it is cut one short of the edge.
      if (redraws) draw(line.slice(0, (stdout.columns ?? USUAL_COLUMNS) - 1));
      else if (plain !== lastPlain) stdout.write(`${plain}\n`);
      lastPlain = plain;
    },
    endProgress() {
      draw("");
      lastPlain = "";
    },
  };
}
