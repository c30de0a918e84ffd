/** One thing that happened on a socket, in the order it was finished. Times are Unix milliseconds. */
export type JournalEntry = {
  /** Counts from 1. */
  sequence: number;
  time: number;
  operation: "submit" | "status" | "balance" | "file" | "callback";
  /** The key's label; null where there was no valid key. */
  key: string | null;
  taskId: string | null;
  /** The HTTP status, or what happened instead: for callbacks the receiver's answer. */
  outcome: number | string;
  /** The faults that struck. */
  faults: readonly string[];
  /** The request's User-Agent, null where it had none; left out on callbacks, which the sandbox sends itself. */
  userAgent?: string | null;
  /** On submits: the prompt, also of a body that is not valid; it tells whose order this was. */
  prompt?: string;
  /** On files: whether the request carried an Authorization header, which must never happen. */
  authorization?: boolean;
  /** On files: the names of all the request's headers, in lower case and in order of the alphabet. */
  headerNames?: readonly string[];
};

export type Journal = {
  write(entry: Omit<JournalEntry, "sequence" | "time">): void;
  /** Entries with a sequence above `after`, oldest first. */
  since(after: number): JournalEntry[];
  reset(): void;
};

/** The oldest entries go first beyond this many. */
const KEPT_ENTRIES = 20_000;

export function createJournal(now: () => number): Journal {
  let entries: JournalEntry[] = [];
  let sequence = 0;
  return {
    write(entry) {
      sequence += 1;
      entries.push({ sequence, time: now(), ...entry });
      // Dropped in halves, so that a write does not move the whole list.
      if (entries.length > KEPT_ENTRIES * 1.5) entries = entries.slice(-KEPT_ENTRIES);
    },
    since: (after) => entries.filter((entry) => entry.sequence > after),
    reset() {
      entries = [];
    },
  };
}
