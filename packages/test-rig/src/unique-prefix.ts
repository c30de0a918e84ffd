import { randomBytes } from "node:crypto";

/**
 * A key prefix that no other test uses, as one Redis Cluster hash tag: `{rushes-test-poll-9f86d081884c}`. Tests that
 * share a server never share a key.
 */
export function uniquePrefix(name: string): string {
  return `{rushes-test-${name.replace(/[^a-zA-Z0-9]+/g, "-")}-${randomBytes(6).toString("hex")}}`;
}
