import type { EventEmitter } from "node:events";
import { constants } from "node:os";
import { EnvironmentProblem } from "./parse-environment.ts";

/**
 * The life of a process, from its start to its exit code:
 *
 *   starting ──▶ running ──▶ stopping ──▶ gone
 *       │            first signal, end(), or an error nobody caught: `stopping` fires, parts stop in reverse order
 *       └─ start failed: the reason is printed, exit 1
 *
 * | what ends it                                   | exit code                                 |
 * |------------------------------------------------|-------------------------------------------|
 * | SIGTERM or SIGINT, every part stopped          | 0                                         |
 * | `end(reason, code)`, every part stopped        | `code`                                    |
 * | a part could not stop, or was not done in time | 1                                         |
 * | an error nobody caught, after the same drain   | 1                                         |
 * | start failed                                   | 1                                         |
 * | a second signal, at once                       | 128 + its number, as shells expect        |
 *
 * A signal while starting is heard by `start` through its `AbortSignal`; whatever it still hands over is stopped.
 */
export type RunOptions = {
  /** For the log. */
  name: string;
  logger: LifecycleLogger;
  /** Counts from the moment stopping begins. After it the process ends, whatever is unfinished. */
  drainMs: number;
  /** Starts the parts in order and hands them over; they are stopped in reverse. */
  start: (stopping: AbortSignal, end: End) => Promise<readonly Part[]>;
  /** Two signals closer than this count as one; the default is `SIGNAL_ECHO_MS`. */
  signalEchoMs?: number;
  process?: ProcessLike;
};

export type Part = {
  name: string;
  /** The signal fires when `drainMs` is over. What runs in its listeners at once still happens, nothing after. */
  stop(signal: AbortSignal): Promise<void>;
};

/** Ends the process in good order for a reason other than a signal. The exit code is 0 unless given. */
export type End = (reason: string, exitCode?: number) => void;

/** The part of a pino logger that is used here. */
export type LifecycleLogger = Record<"info" | "warn" | "error", (fields: object, message: string) => void>;

/** What is used of `process`; a test passes its own. */
export type ProcessLike = EventEmitter & {
  exit(code: number): void;
  stderr: { write(text: string): unknown };
};

/**
 * Ctrl-C in a terminal reaches the whole process group, and npm and pnpm pass the signal on once more: one press
 * arrives twice within milliseconds. Nobody presses twice on purpose this fast.
 */
const SIGNAL_ECHO_MS = 500;
/** setTimeout fires at once for more than this (2^31 − 1, about 24 days). */
const LONGEST_TIMER_MS = 2_147_483_647;

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Runs the process until something ends it, and then exits it. Only a test sees this promise resolve. */
export async function runUntilSignal(options: RunOptions): Promise<void> {
  const { name, logger, drainMs } = options;
  const host: ProcessLike = options.process ?? process;
  const stopping = new AbortController();
  const overdue = new AbortController();
  const begun = Promise.withResolvers<void>();
  let exitCode = 0;
  let firstSignalAt: number | undefined;
  let waitingFor = "the start";
  let deadline: NodeJS.Timeout | undefined;
  let isGone = false;

  const end: End = (reason, code = 0) => {
    exitCode = Math.max(exitCode, code);
    if (stopping.signal.aborted) return;
    logger.info({ reason, drainMs }, `${name} is stopping`);
    deadline = setTimeout(
      () => {
        logger.error({ waitingFor, drainMs }, `${name} was not done in time and ends unfinished`);
        overdue.abort();
        exit(1);
      },
      Math.min(drainMs, LONGEST_TIMER_MS),
    );
    stopping.abort();
    begun.resolve();
  };
  const onSignal = (signal: (typeof SIGNALS)[number]) => {
    const now = performance.now();
    firstSignalAt ??= now;
    if (!stopping.signal.aborted) return end(`received ${signal}`);
    if (now === firstSignalAt || now - firstSignalAt < (options.signalEchoMs ?? SIGNAL_ECHO_MS)) return;
    logger.warn({ signal, waitingFor }, `${name} was told a second time and ends at once`);
    exit(128 + constants.signals[signal]);
  };
  const onUncaught = (err: unknown) => {
    logger.error({ err }, `${name} met an error that nobody caught`);
    end("an error that nobody caught", 1);
  };

  for (const signal of SIGNALS) host.on(signal, onSignal);
  host.on("uncaughtException", onUncaught);
  host.on("unhandledRejection", onUncaught);

  const parts = await started();
  if (parts === undefined) return exit(exitCode);
  if (!stopping.signal.aborted) logger.info({ parts: parts.map((part) => part.name) }, `${name} has started`);
  await begun.promise;
  for (const part of parts.toReversed()) {
    waitingFor = part.name;
    try {
      await part.stop(overdue.signal);
    } catch (err) {
      exitCode = 1;
      logger.error({ err, part: part.name }, `${name} could not stop a part and goes on`);
    }
  }
  logger.info({}, `${name} has stopped`);
  exit(exitCode);

  async function started(): Promise<readonly Part[] | undefined> {
    try {
      return await options.start(stopping.signal, end);
    } catch (err) {
      if (stopping.signal.aborted) {
        logger.warn({ err }, `${name} was stopped while it started`);
      } else if (err instanceof EnvironmentProblem) {
        exitCode = 1;
        host.stderr.write(`${err.message}\n`);
      } else {
        exitCode = 1;
        logger.error({ err }, `${name} could not start`);
      }
      return undefined;
    }
  }

  function exit(code: number): void {
    if (isGone) return;
    isGone = true;
    clearTimeout(deadline);
    for (const signal of SIGNALS) host.off(signal, onSignal);
    host.off("uncaughtException", onUncaught);
    host.off("unhandledRejection", onUncaught);
    host.exit(code);
  }
}
