/**
 * Redis is there and cannot take writes now: out of memory or disk, loading, failing over, or busy with a script. The first
 * word of an error reply is its code; older servers wrap the code of a command that failed within a script.
 */
const STATES = "OOM|MISCONF|READONLY|LOADING|BUSY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN";
const REFUSES = new RegExp(`^(?:${STATES})\\b|: -(?:${STATES})\\b`);

/**
 * Whether a command failed only because Redis takes no writes at this moment. Nothing of it was applied, and the same
 * command can succeed as soon as there is room again.
 */
export function refusesWrites(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError" && REFUSES.test(error.message);
}
