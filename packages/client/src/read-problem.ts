import { retryAfterMs } from "./retry-after.ts";
import { RushesError, type FieldProblem } from "./rushes-error.ts";

/** The error that an answer other than 2xx stands for. What is no problem document of the api keeps its status. */
export function readProblem(
  { status, headers }: Pick<Response, "status" | "headers">,
  text: string,
): RushesError {
  const problem = parseObject(text);
  const details = {
    status,
    requestId: headers.get("x-request-id"),
    retryAfterMs: retryAfterMs(headers.get("retry-after"), Date.now()),
    // A refusal below 500 has done nothing. What a gateway or a Redis that is away answers may have come too late.
    isUnsure: status >= 500,
  };
  if (typeof problem?.["code"] !== "string") {
    const location = headers.get("location");
    const hint = location === null ? "" : ` and points to ${location}: is the address right?`;
    return new RushesError("unexpected_answer", `The api answers ${status}${hint || "."}`, details);
  }
  const errors = readErrors(problem["errors"]);
  const said = [problem["title"], problem["detail"]].filter((part) => typeof part === "string");
  const fields = errors.map(({ field, message, item }) => `\n  ${placeOf(field, item)}: ${message}`);
  return new RushesError(problem["code"], `${said.join(". ")}${fields.join("")}`, { ...details, errors });
}

/** As the api writes it: `videos[3].input.prompt`. */
export function placeOf(field: string, item: number | null): string {
  if (item === null) return field;
  return field === "" ? `videos[${item}]` : `videos[${item}].${field}`;
}

const IN_BATCH = /^videos\[(\d+)\]\.?(.*)$/s;

function readErrors(listed: unknown): FieldProblem[] {
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((one: unknown) => {
    if (typeof one !== "object" || one === null) return [];
    const { field, message } = one as Record<string, unknown>;
    if (typeof field !== "string" || typeof message !== "string") return [];
    const [, item, rest] = IN_BATCH.exec(field) ?? [];
    return [
      item === undefined
        ? { field, message, item: null }
        : { field: rest ?? "", message, item: Number(item) },
    ];
  });
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
