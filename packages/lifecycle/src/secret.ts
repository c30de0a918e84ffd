import { inspect } from "node:util";

/** What stands in every text in place of a secret. */
export const MASK = "[secret]";

/**
 * A value that must not be printed: API key, signing key, password. It prints as `[secret]` through `String`,
 * template strings, `JSON.stringify` and `util.inspect`, and has no enumerable property that a logger could walk.
 * `reveal()` is the one way out; call it as late as possible and never keep the answer.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
