/** What a log entry holds of an error. Never headers, requests or configurations that libraries hang on errors. */
export type DescribedError = {
  name?: string;
  message?: string;
  code?: string | number;
  kind?: string;
  stack?: string;
  cause?: DescribedError;
  /** Of an AggregateError, the first few. */
  errors?: DescribedError[];
};

/** An error that causes itself would be described for ever; nobody reads further than this. */
const MAX_CAUSES = 5;
const MAX_ERRORS = 5;

/**
 * Picks the few fields that a person needs, and follows `cause`. Anything can be thrown, so anything is taken; a
 * field of an unexpected type, or whose getter throws, is left out. Texts are not scrubbed here but with the line.
 */
export function describeError(thrown: unknown, causesLeft = MAX_CAUSES): DescribedError {
  if (typeof thrown !== "object" || thrown === null) return { message: String(thrown) };
  const described: DescribedError = {};
  for (const field of ["name", "message", "kind", "stack"] as const) {
    const value = read(thrown, field);
    if (typeof value === "string") described[field] = value;
  }
  const code = read(thrown, "code");
  if (typeof code === "string" || typeof code === "number") described.code = code;
  if (causesLeft === 0) return described;

  const cause = read(thrown, "cause");
  if (cause !== undefined && cause !== null) described.cause = describeError(cause, causesLeft - 1);
  const errors = read(thrown, "errors");
  if (Array.isArray(errors)) {
    described.errors = errors.slice(0, MAX_ERRORS).map((error) => describeError(error, causesLeft - 1));
  }
  return described;
}

function read(object: object, field: string): unknown {
  try {
    return Reflect.get(object, field);
  } catch {
    return undefined;
  }
}
