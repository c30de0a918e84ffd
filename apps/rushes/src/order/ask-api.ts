import type { Readable, Writable } from "node:stream";
import { createClient, RushesError, type Client } from "@rushes/client";
import { EnvironmentProblem } from "@rushes/lifecycle";
import { readApiAccess } from "../api-access.ts";
import type { CommandContext } from "../commands.ts";
import { EXIT } from "../exit-codes.ts";
import { openTerminal, type Terminal } from "../terminal.ts";
import { UsageProblem } from "../usage-problem.ts";
import { errorLines } from "./error-lines.ts";

export type Asking = {
  rushes: Client;
  /** The answer itself, a line: on standard output, for programs too. */
  say: (line: string) => void;
  /** Everything else that is said goes to standard error. */
  aside: Terminal;
  input: Readable;
  output: Writable;
};

/** Runs a command of callers: what goes wrong at the api is told on standard error, with the exit code that fits it. */
export async function askApi(
  { environment, terminal }: CommandContext,
  act: (asking: Asking) => Promise<number>,
): Promise<number> {
  const aside = openTerminal({ stdout: process.stderr });
  try {
    const rushes = createClient(readApiAccess(environment));
    const say = (line: string): void => terminal.say(line);
    return await act({ rushes, say, aside, input: process.stdin, output: process.stdout });
  } catch (error) {
    aside.endProgress();
    if (error instanceof EnvironmentProblem) throw new UsageProblem(error.message);
    if (!(error instanceof RushesError)) throw error;
    for (const line of errorLines(error)) aside.say(line);
    return exitCodeOf(error);
  }
}

export function exitCodeOf({ status, code }: RushesError): number {
  if (code === "invalid_order" || code === "idempotency_key_invalid") return EXIT.usage;
  const isOpen = status === null ? OPEN_CODES.has(code) : status === 429 || status >= 500;
  return isOpen ? EXIT.unfinished : EXIT.failed;
}

/** Without an answer: what may be otherwise the next time. */
const OPEN_CODES = new Set(["unreachable", "timeout", "wait_timeout", "file_unavailable"]);
