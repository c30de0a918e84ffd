import type { z } from "zod";
import { EnvironmentProblem, parseEnvironment, type Environment } from "./parse-environment.ts";

/**
 * For the first line of a `main.ts`, before there is a logger: the settings, or the list of problems on standard
 * error and exit code 1, without a stack that nobody needs.
 */
export function settingsOrExit<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Environment,
): z.output<Schema> {
  try {
    return parseEnvironment(schema, environment);
  } catch (error) {
    if (!(error instanceof EnvironmentProblem)) throw error;
    process.stderr.write(`${error.message}\n`);
    return process.exit(1);
  }
}
