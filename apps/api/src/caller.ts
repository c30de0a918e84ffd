/** Who orders. Their name owns videos and idempotency keys. */
export type Caller = {
  name: string;
  /** Sees everybody's videos, and may use the operator verbs. */
  isAdmin: boolean;
};

/** One entry of `API_KEYS`: the key itself is nowhere in this process, only its hash. */
export type CallerKey = Caller & {
  /** SHA-256 of the key, 32 bytes. */
  keyHash: Buffer;
};

/** Everybody, while `API_KEYS` is unset. */
export const ANYONE: Caller = { name: "anonymous", isAdmin: true };

const ENTRY = /^(?<name>[a-z0-9_-]{1,40}):(?<hash>[0-9a-f]{64})(?<admin>:admin)?$/i;

/** Reads `name:sha256hex[:admin]`. Undefined for anything else. */
export function parseCallerKey(entry: string): CallerKey | undefined {
  const { name, hash, admin } = ENTRY.exec(entry)?.groups ?? {};
  if (name === undefined || hash === undefined || name !== name.toLowerCase()) return undefined;
  if (admin !== undefined && admin !== ":admin") return undefined;
  return { name, isAdmin: admin !== undefined, keyHash: Buffer.from(hash, "hex") };
}
