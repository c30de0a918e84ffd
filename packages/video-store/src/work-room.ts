import { Failure } from "@rushes/pipeline";
import { createStallWatch, type Patience, type StallWatch } from "./stall-watch.ts";

export type StoreOptions = {
  /** Aborting gives the work up: `Failure` with code `archive_interrupted`. */
  signal?: AbortSignal | undefined;
};

/** What a piece of work must heed. */
export type WorkTerms = {
  watch: StallWatch;
  /** Aborted with a `Failure` when the work is to be given up. */
  signal: AbortSignal;
};

export type WorkRoom = {
  /**
   * Runs one piece of work that can be called off from outside and is given up when one side keeps it waiting. Throws
   * `Failure` only.
   */
  run<Result>(options: StoreOptions, work: (terms: WorkTerms) => Promise<Result>): Promise<Result>;
  /** Gives up what is under way, and waits until that has let go of everything. */
  close(): Promise<void>;
};

export function createWorkRoom(patience: Patience): WorkRoom {
  const closing = new AbortController();
  const underWay = new Set<Promise<unknown>>();

  async function supervise<Result>(
    options: StoreOptions,
    work: (terms: WorkTerms) => Promise<Result>,
  ): Promise<Result> {
    const run = new AbortController();
    const interrupt = () => run.abort(interrupted());
    const stop = AbortSignal.any([closing.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    if (stop.aborted) throw interrupted();
    stop.addEventListener("abort", interrupt, { once: true });
    const watch = createStallWatch(patience, () => performance.now());
    const look = setInterval(
      () => {
        const verdict = watch.verdict();
        if (verdict !== null) run.abort(verdict);
      },
      Math.min(1000, patience.windowMs / 4),
    );
    try {
      return await work({ watch, signal: run.signal });
    } catch (error) {
      throw run.signal.aborted ? (run.signal.reason as Failure) : asFailure(error);
    } finally {
      clearInterval(look);
      stop.removeEventListener("abort", interrupt);
    }
  }

  return {
    run(options, work) {
      const piece = supervise(options, work);
      const settled = piece.catch(() => {}).finally(() => underWay.delete(settled));
      underWay.add(settled);
      return piece;
    },
    async close() {
      closing.abort();
      await Promise.all(underWay);
    },
  };
}

function interrupted(): Failure {
  return new Failure({
    kind: "unavailable",
    class: "archive",
    code: "archive_interrupted",
    message: "the copy was interrupted from our side",
  });
}

/** For what nobody foresaw: the file is paid for, so it is tried again. */
function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure({
    kind: "unavailable",
    class: "archive",
    code: "archive_fault",
    message: `the copy failed in a way that was not foreseen (${String(error)})`,
    cause: error,
  });
}
