import type { Refusal } from "./finding.ts";

/** Everything that keeps a process from starting, at once, each with its fix. The message is meant to be read whole. */
export class UnsafeSetup extends Error {
  override readonly name = "UnsafeSetup";
  readonly refusals: readonly Refusal[];

  constructor(refusals: readonly Refusal[]) {
    const lines = refusals.flatMap(({ check, found, fix }) => [
      `  ${check}: ${found}`,
      `    to mend it: ${fix}`,
    ]);
    const count = refusals.length === 1 ? "1 thing is" : `${refusals.length} things are`;
    super([`${count} not safe for paid work:`, ...lines].join("\n"));
    this.refusals = refusals;
  }
}
