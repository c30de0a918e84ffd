/** ioredis tells these apart by their words only. */
const CONNECTION_MESSAGES = [
  "Connection is closed.",
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Command timed out",
];
/** A connection that was lost with commands on it, and one that was not there again in time. */
const CONNECTION_NAMES = new Set(["AbortError", "MaxRetriesPerRequestError"]);

/**
 * Redis is there and says that it cannot serve now: starting, being failed over, out of memory or disk, busy with a
 * script, or not letting us in. The first word of an error reply is its code; older servers wrap the code of a
 * command that failed within a script.
 */
const STATES =
  "LOADING|BUSY|READONLY|MISCONF|OOM|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|NOAUTH|WRONGPASS|NOPERM";
const CANNOT_SERVE = new RegExp(`^(?:(?:${STATES})\\b|ERR max number of clients)|: -(?:${STATES})\\b`);

/**
 * Whether this error means that Redis cannot be had, and not that we made a mistake. It decides between "repeat
 * later" (503) and "report this" (500).
 */
export function isRedisAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (CONNECTION_NAMES.has(error.name)) return true;
  if (error.name === "ReplyError") return CANNOT_SERVE.test(error.message);
  if (CONNECTION_MESSAGES.includes(error.message)) return true;
  // What the socket itself reports: ECONNRESET, ECONNREFUSED, EPIPE, ETIMEDOUT, ENOTFOUND…
  return "syscall" in error && "code" in error;
}
