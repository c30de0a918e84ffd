/** The part of a body that is to be sent: `from` included, `to` excluded. */
export type ByteRange = { from: number; to: number };

/**
 * Reads a `Range` header for a body of `length` bytes. Undefined: there is no range this host honours (none, several,
 * other units), so the whole body is sent with 200. `unsatisfiable`: 416.
 */
export function parseRange(
  header: string | undefined,
  length: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  if (first === "") {
    const suffix = Math.min(Number(last), length);
    return suffix === 0 ? "unsatisfiable" : { from: length - suffix, to: length };
  }
  const from = Number(first);
  const to = last === "" ? length : Math.min(Number(last) + 1, length);
  if (last !== "" && Number(last) < from) return undefined;
  return from < length ? { from, to } : "unsatisfiable";
}
