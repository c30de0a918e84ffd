import type { z } from "zod";

/** One variable that cannot be used, and what would mend it. Never carries the value. */
export type SettingProblem = {
  variable: string;
  fix: string;
};

/** Everything that is wrong with the environment at once, one line per problem, without any value. */
export class EnvironmentProblem extends Error {
  override readonly name = "EnvironmentProblem";
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    const lines = problems.map(({ variable, fix }) => `  ${variable} ${fix}`);
    const count = problems.length === 1 ? "1 setting needs" : `${problems.length} settings need`;
    super([`${count} attention:`, ...lines].join("\n"));
    this.problems = problems;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings that `schema` names from an environment. A variable set to the empty string counts as unset,
 * for that is how compose files and shells leave a variable out. Variables that the schema does not name are
 * ignored: each role reads only its own.
 *
 * A rule between variables belongs on the schema as `.refine(…, { path: ["VARIABLE"], error: "must …" })`. zod
 * leaves such a rule out while a single variable is wrong, unless the rule brings `when: () => true`.
 *
 * @throws EnvironmentProblem that lists every problem at once.
 */
export function parseEnvironment<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Environment,
): z.output<Schema> {
  const present = Object.fromEntries(
    Object.keys(schema.shape)
      .map((variable) => [variable, environment[variable]] as const)
      .filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  throw new EnvironmentProblem(
    parsed.error.issues.map((issue) => ({
      variable: variableOf(issue.path),
      fix: fixOf(issue, Object.hasOwn(present, String(issue.path[0]))),
    })),
  );
}

/** `["ROLES", 1]` → `ROLES (entry 2)`. */
function variableOf(path: readonly PropertyKey[]): string {
  const [variable, entry] = path;
  if (variable === undefined) return "The settings together";
  return typeof entry === "number" ? `${String(variable)} (entry ${entry + 1})` : String(variable);
}

function fixOf(issue: z.core.$ZodIssue, isSet: boolean): string {
  const rule =
    issue.code === "invalid_value" ? `must be one of: ${issue.values.map(String).join(", ")}` : issue.message;
  const isMissing = !isSet && (issue.code === "invalid_type" || issue.code === "invalid_value");
  if (!isMissing) return rule;
  // zod's own words for a missing value speak of types, which helps nobody who edits an environment file.
  return rule.startsWith("must ") ? `is not set; it ${rule}` : "is not set";
}
