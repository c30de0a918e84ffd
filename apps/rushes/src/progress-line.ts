import type { Phase } from "@rushes/pipeline";

/** What a person is told of each phase. */
const WORDS: Readonly<Record<Phase, string>> = {
  queued: "waiting in line",
  submitting: "being submitted",
  unconfirmed: "waiting for a person: nobody knows whether the submit arrived",
  generating: "being generated",
  archiving: "being copied into the bucket",
  completed: "archived",
  failed: "failed",
  cancelled: "cancelled",
};

const BAR_CELLS = 24;
/** Until the video has ended the bar never looks full. */
const FULLEST = 0.95;

/**
 * One line about a video on its way: a bar drawn from how long such a video takes, what is happening, and for how
 * long.
 *
 * @param typicalMs from the order to the file
 */
export function progressLine(at: {
  phase: Phase;
  late: boolean;
  elapsedMs: number;
  typicalMs: number;
}): string {
  const { phase, late, elapsedMs, typicalMs } = at;
  const share = phase === "completed" ? 1 : shareOf(elapsedMs, typicalMs);
  const filled = Math.round(share * BAR_CELLS);
  const bar = "█".repeat(filled) + "░".repeat(BAR_CELLS - filled);
  const usual = `${Math.round(typicalMs / 1000)} s are usual`;
  return `  ${bar} ${phaseText(phase, late)}, ${Math.floor(elapsedMs / 1000)} s (${usual})`;
}

/** The same for a file or a pipe, where each step is told once. */
export function plainLine({ phase, late }: { phase: Phase; late: boolean }): string {
  return `  ${phaseText(phase, late)}`;
}

/** Rises in step with time up to the typical end, then ever more slowly. */
function shareOf(elapsedMs: number, typicalMs: number): number {
  const expected = elapsedMs / typicalMs;
  const straight = 0.8 * expected;
  const bent = FULLEST - (FULLEST - 0.8) * Math.exp(1 - expected);
  return Math.max(0, expected <= 1 ? straight : bent);
}

function phaseText(phase: Phase, late: boolean): string {
  return late ? `${WORDS[phase]}, later than usual` : WORDS[phase];
}
