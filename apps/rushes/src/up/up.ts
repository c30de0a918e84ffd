import { join } from "node:path";
import {
  EnvironmentProblem,
  parseEnvironment,
  runUntilSignal,
  type End,
  type Environment,
  type LifecycleLogger,
  type Part,
} from "@rushes/lifecycle";
import type { Terminal } from "../terminal.ts";
import { FolderTaken, takeFolder } from "./folder-lock.ts";
import { embeddedParts, upSchema, type UpSettings } from "./settings.ts";
import { startEverything } from "./start-everything.ts";

export type UpOptions = {
  /** End when the sample video is archived or has failed. */
  once: boolean;
  environment: Environment;
  /** The repository. */
  root: string;
  terminal: Terminal;
  /** Where the apps' sources are and where data is kept; the usual places unless given, which tests do. */
  appsFolder?: string;
  data?: string;
};

/** For everything to stop, each part within its own time; then what is left is killed. */
const STOP_WITHIN_MS = 40_000;

/**
 * Runs the whole pipeline on this machine until it is told to stop: Redis, the store, the sandbox, the API, the worker
 * and the board, as far as the environment does not name other ones. Everything is kept in the data folder, so that
 * the next start goes on where this one stopped.
 *
 * @returns an exit code when it cannot even begin; else it ends the process itself
 */
export async function runUp(options: UpOptions): Promise<number> {
  const { root, terminal } = options;
  const data = options.data ?? join(root, ".data");
  let settings: UpSettings;
  let release: () => void;
  try {
    settings = parseEnvironment(upSchema, options.environment);
    refuseCostlySample(options.once, settings);
    release = takeFolder(join(data, "up.lock"), process.pid);
  } catch (error) {
    const isExpected =
      error instanceof EnvironmentProblem || error instanceof FolderTaken || error instanceof CannotStart;
    if (!isExpected) throw error;
    terminal.say(error.message);
    return 1;
  }
  const lock: Part = { name: "lock", stop: async () => release() };
  await runUntilSignal({
    name: "up",
    logger: problemsOnly(terminal),
    drainMs: STOP_WITHIN_MS,
    start: async (stopping, end) => {
      process.once("SIGHUP", () => end("the terminal is gone"));
      stopping.addEventListener("abort", () => terminal.endProgress(), { once: true });
      stopping.addEventListener("abort", () => terminal.say("Stopping."), { once: true });
      const parts: Part[] = [lock];
      await startOrEnd({ ...options, data, settings, parts, stopping, end });
      return parts;
    },
  });
  return 0;
}

/** The environment asks for something that cannot be done. */
class CannotStart extends Error {
  override readonly name = "CannotStart";
}

function refuseCostlySample(once: boolean, settings: UpSettings): void {
  if (!once || embeddedParts(settings).sandbox) return;
  throw new CannotStart(
    "--once orders a sample video, which costs money at the real provider. Unset APIXO_API_KEY and APIXO_ACCOUNTS to use the sandbox.",
  );
}

/** What has been started is in `parts` also when the rest could not be: it has to be stopped all the same. */
async function startOrEnd(
  options: Parameters<typeof startEverything>[0] & { stopping: AbortSignal; end: End },
): Promise<void> {
  try {
    await startEverything(options);
  } catch (error) {
    if (options.stopping.aborted) return;
    options.terminal.say(error instanceof Error ? error.message : String(error));
    options.end("the start has failed", 1);
  }
}

/** A person in front of a terminal wants to hear of problems; the rest is said in better words elsewhere. */
function problemsOnly(terminal: Terminal): LifecycleLogger {
  const say = (fields: object, message: string) => {
    const reason = "err" in fields && fields.err instanceof Error ? `: ${fields.err.message}` : "";
    terminal.say(`${message}${reason}`);
  };
  return { info: () => {}, warn: say, error: say };
}
