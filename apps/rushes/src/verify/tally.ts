/** What was found so far, and how much there is to look at where that is known. */
export type Tally = {
  files: number;
  bytes: number;
  same: number;
  missing: number;
  different: number;
  /** Of these nothing can be said: the bucket did not let us look, or the video has no file. */
  unknown: number;
  total: { files: number; bytes: number };
};

export function newTally(total: Tally["total"]): Tally {
  return { files: 0, bytes: 0, same: 0, missing: 0, different: 0, unknown: 0, total };
}

export function troublesOf({ missing, different, unknown }: Tally): number {
  return missing + different + unknown;
}

const BAR_CELLS = 24;
const MEGABYTE = 1_000_000;

/** The line at the bottom while files are read; the bar is drawn by bytes, for that is what takes the time. */
export function tallyLine(tally: Tally): string {
  const { files, bytes, total } = tally;
  const share = total.bytes === 0 ? 1 : Math.min(1, bytes / total.bytes);
  const filled = Math.floor(share * BAR_CELLS);
  const bar = "█".repeat(filled) + "░".repeat(BAR_CELLS - filled);
  const troubles = troublesOf(tally);
  const more = troubles === 0 ? "" : `, ${troubles} not as recorded`;
  const megabytes = (count: number): string => (count / MEGABYTE).toFixed(0);
  return `  ${bar} ${files} of ${total.files} files, ${megabytes(bytes)} of ${megabytes(total.bytes)} MB${more}`;
}

/** The last lines: what was found, and what to do. */
export function summaryLines(tally: Tally): string[] {
  const { same, missing, different, unknown } = tally;
  const found = [
    `${same} ${same === 1 ? "file is" : "files are"} as recorded`,
    ...(missing === 0 ? [] : [`${missing} missing`]),
    ...(different === 0 ? [] : [`${different} different`]),
    ...(unknown === 0 ? [] : [`${unknown} could not be looked at`]),
  ].join(", ");
  const lines = [`${found}.`];
  if (missing + different > 0) {
    lines.push(
      "What is missing or different can be fetched again while the provider has it, about 15 days: rushes rearchive <video>",
    );
  }
  return lines;
}
