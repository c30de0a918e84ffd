/** Whole lines, and one line at the bottom that is redrawn where it can be; elsewhere it comes now and then. */
export type BottomLine = {
  say: (line: string) => void;
  progress(line: string): void;
  endProgress(): void;
};

const PLAIN_EVERY_MS = 15_000;

export function openBottomLine(stdout: {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}): BottomLine {
  const redraws = stdout.isTTY === true;
  let lastPlainAt = -Infinity;
  const clear = (): void => void (redraws && stdout.write("\r\u001B[2K"));
  return {
    say(line) {
      clear();
      stdout.write(`${line}\n`);
    },
    progress(line) {
      if (line === "") return;
      if (redraws) {
        clear();
        stdout.write(line.slice(0, (stdout.columns ?? 80) - 1));
      } else if (performance.now() - lastPlainAt > PLAIN_EVERY_MS) {
        lastPlainAt = performance.now();
        stdout.write(`${line}\n`);
      }
    },
    endProgress: clear,
  };
}
