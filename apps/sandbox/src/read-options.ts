import { EnvironmentProblem, type Environment } from "@rushes/lifecycle";
import { sandboxOptionsSchema, type SandboxOptions } from "./start-sandbox.ts";

/** Where the built process listens unless told otherwise; a started one in a test takes free ports. */
const DEFAULT_PORTS = { port: 4010, filePort: 4011 };

/** Options that are text stay text, even where they look like a number. */
const TEXTS = new Set(["host", "fileOrigin", "seed", "stateFile"]);

const variables = new Map(Object.keys(sandboxOptionsSchema.shape).map((name) => [variableOf(name), name]));

/**
 * Options from environment variables: `PORT`, `HOST`, and for every other option `SANDBOX_` and its name in capitals
 * (`ratePerWindow` → `SANDBOX_RATE_PER_WINDOW`). Values are JSON where they parse as JSON, else text; `SANDBOX_KEYS`
 * is a comma-separated list.
 *
 * @throws EnvironmentProblem that lists every variable that does not fit.
 */
export function readOptions(environment: Environment): SandboxOptions {
  const options: Record<string, unknown> = { ...DEFAULT_PORTS };
  for (const [variable, name] of variables) {
    const value = environment[variable];
    if (value !== undefined && value !== "") options[name] = valueOf(name, value);
  }
  const parsed = sandboxOptionsSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new EnvironmentProblem(
    parsed.error.issues.map(({ path: [name, ...inside], message }) => ({
      variable: [variableOf(String(name)), ...inside].join("."),
      fix: `is not valid: ${message}`,
    })),
  );
}

/** `SANDBOX_` variables that mean nothing: most likely misspelt. */
export function unknownVariables(environment: Environment): string[] {
  return Object.keys(environment).filter((name) => name.startsWith("SANDBOX_") && !variables.has(name));
}

function variableOf(name: string): string {
  if (name === "port" || name === "host") return name.toUpperCase();
  return `SANDBOX_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

function valueOf(name: string, value: string): unknown {
  if (name === "keys") return value.split(",").map((key) => key.trim());
  if (TEXTS.has(name)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
