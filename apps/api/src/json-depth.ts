/**
 * Whether a JSON value has objects or lists nested deeper than `most` levels; a plain value has none. Walks with a list
 * of its own instead of calling itself: the values in question are made to overflow the stack.
 */
export function isNestedDeeper(value: unknown, most: number): boolean {
  let level = childrenOf([value]);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === most) return true;
    level = childrenOf(level.flatMap((parent) => Object.values(parent) as unknown[]));
  }
  return false;
}

function childrenOf(values: readonly unknown[]): object[] {
  return values.filter((value): value is object => typeof value === "object" && value !== null);
}
