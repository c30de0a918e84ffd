import type { Writable } from "node:stream";
import { Redis } from "ioredis";
import { KEY_PREFIX, readCharges, sumCharges, type Charge, type ChargeQuery } from "@rushes/ledger";
import { EnvironmentProblem, parseEnvironment, plainText, type Environment } from "@rushes/lifecycle";
import { z } from "zod";
import { openTerminal } from "../terminal.ts";
import { writeLines } from "../write-lines.ts";

const CONNECT_TIMEOUT_MS = 5_000;
/** A Redis that is busy answers within this, one that is frozen does not. */
const COMMAND_TIMEOUT_MS = 30_000;
/** Rows between two lines of progress. */
const PROGRESS_EVERY = 500;

const settingsSchema = z.object({
  REDIS_URL: plainText("a redis:// or rediss:// address", "redis://127.0.0.1:6379"),
});

export type ExportOptions = {
  environment: Environment;
  query: ChargeQuery;
  /** Sums per day, mode and account instead of rows. */
  sums: boolean;
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean; columns?: number };
  /** `KEY_PREFIX` unless a test has its own. */
  keyPrefix?: string;
};

/**
 * Writes the charge ledger as NDJSON, oldest row first. It only reads, a few rows at a time.
 *
 * @returns the exit code: 0, or 1 when Redis cannot be read, said on `stderr`
 */
export async function exportLedger({
  environment,
  query,
  sums,
  stdout,
  stderr,
  ...rest
}: ExportOptions): Promise<number> {
  const fail = (reason: string): number => {
    stderr.write(`${reason}\n`);
    return 1;
  };
  let url: string;
  try {
    url = parseEnvironment(settingsSchema, environment).REDIS_URL;
  } catch (error) {
    if (!(error instanceof EnvironmentProblem)) throw error;
    return fail(error.message);
  }
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // The command that fails of it only says that the connection is closed.
  let connectionProblem: Error | null = null;
  redis.on("error", (error: Error) => (connectionProblem ??= error));
  const terminal = openTerminal({ stdout: stderr });
  // On one and the same terminal the line would stand between the rows.
  const showsProgress = stderr.isTTY === true && (sums || stdout.isTTY !== true);
  const charges = counted(readCharges(redis, rest.keyPrefix ?? KEY_PREFIX, query), (count) => {
    if (showsProgress) terminal.progress(`${count} rows`, "");
  });
  try {
    await redis.connect();
    await writeLines(stdout, sums ? sumLines(charges) : rowLines(charges));
    return 0;
  } catch (error) {
    terminal.endProgress();
    const { message } = connectionProblem ?? (error as Error);
    return fail(`The ledger cannot be read from REDIS_URL: ${message}`);
  } finally {
    terminal.endProgress();
    redis.disconnect();
  }
}

async function* counted(
  charges: AsyncIterable<Charge>,
  show: (count: number) => void,
): AsyncGenerator<Charge> {
  let count = 0;
  for await (const charge of charges) {
    count += 1;
    if (count % PROGRESS_EVERY === 0) show(count);
    yield charge;
  }
}

async function* rowLines(charges: AsyncIterable<Charge>): AsyncGenerator<string> {
  for await (const charge of charges) yield JSON.stringify(charge);
}

async function* sumLines(charges: AsyncIterable<Charge>): AsyncGenerator<string> {
  for (const sum of await sumCharges(charges)) yield JSON.stringify(sum);
}
