import { EnvironmentProblem, parseEnvironment, type Environment } from "@rushes/lifecycle";
import { refusalsAmong, type Finding } from "@rushes/preflight";
import type { Terminal } from "../terminal.ts";
import { findBucket } from "./check-bucket.ts";
import { checkNode } from "./check-node.ts";
import { checkProviders } from "./check-provider.ts";
import { checkRedis } from "./check-redis.ts";
import { findingsTable } from "./findings-table.ts";
import { doctorSchema } from "./settings.ts";

export type DoctorOptions = {
  environment: Environment;
  terminal: Pick<Terminal, "say">;
  /** One JSON object `{ok, findings}` instead of the table. */
  json: boolean;
  /** Stores a test object in the bucket and removes it. Everything else only reads. */
  writeTest: boolean;
};

/**
 * Looks at everything that Rushes stands on with the settings of this environment, and prints what it found and how to
 * mend it, never a secret.
 *
 * @returns the exit code: 0 when nothing refuses, else 1
 */
export async function runDoctor({ environment, terminal, json, writeTest }: DoctorOptions): Promise<number> {
  const findings = [checkNode(process.version), ...(await findAll(environment, writeTest))];
  const ok = refusalsAmong(findings).length === 0;
  if (json) terminal.say(JSON.stringify({ ok, findings }, null, 2));
  else for (const line of findingsTable(findings)) terminal.say(line);
  return ok ? 0 : 1;
}

async function findAll(environment: Environment, writeTest: boolean): Promise<Finding[]> {
  try {
    const settings = parseEnvironment(doctorSchema, environment);
    const [redis, bucket, providers] = await Promise.all([
      checkRedis(settings),
      findBucket(settings, writeTest),
      checkProviders(settings),
    ]);
    return [...redis, bucket, ...providers];
  } catch (error) {
    if (!(error instanceof EnvironmentProblem)) throw error;
    return error.problems.map(({ variable, fix }) => ({
      check: "settings",
      found: `${variable} cannot be used`,
      verdict: "refuse",
      fix: `${variable} ${fix}`,
      lasting: true,
    }));
  }
}
