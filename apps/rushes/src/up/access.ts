import { createHash, randomBytes } from "node:crypto";
import type { MemoryFile } from "./memory.ts";

/** The caller under whose name the sample is ordered where callers must name themselves. */
const OWN_NAME = "rushes-up";
const OPERATOR = "operator";

/**
 * How to get in at the API. Where callers are listed, only hashes of their keys are known, so a key of our own that
 * lives as long as this start is added to the list.
 */
export function apiAccess(listed: string | undefined): {
  apiKeys: string | undefined;
  key: string | undefined;
} {
  if (listed === undefined) return { apiKeys: undefined, key: undefined };
  const key = randomBytes(24).toString("base64url");
  const hash = createHash("sha256").update(key).digest("hex");
  return { apiKeys: `${listed},${OWN_NAME}:${hash}:admin`, key };
}

/**
 * Logins for the board: the ones that are set, or one whose password is made up at the first start and kept, so that
 * a browser may remember it. `words` is what to tell a person.
 *
 * @param makeUser turns a name and a password into an entry of `BOARD_USERS`, which holds no password
 */
export async function boardLogin(
  listed: string | undefined,
  memory: MemoryFile,
  makeUser: (name: string, password: string) => Promise<string>,
): Promise<{ boardUsers: string; words: string }> {
  if (listed !== undefined) return { boardUsers: listed, words: "with a login of BOARD_USERS" };
  const known = memory.get().board ?? (await makeOperator(makeUser));
  memory.set({ board: known });
  return { boardUsers: known.user, words: `name ${OPERATOR}, password ${known.password}` };
}

/**
 * What signs webhooks: the secret that is set, or one that is made up at the first start and kept, so that a receiver
 * that was set up once goes on. `words` is what to tell a person.
 */
export function webhookSigning(
  listed: string | undefined,
  memory: MemoryFile,
): { secret: string | undefined; words: string } {
  if (listed !== undefined) return { secret: undefined, words: "WEBHOOK_SECRET" };
  const secret = memory.get().webhookSecret ?? `whsec_${randomBytes(32).toString("base64")}`;
  memory.set({ webhookSecret: secret });
  return { secret, words: secret };
}

async function makeOperator(makeUser: (name: string, password: string) => Promise<string>) {
  const password = randomBytes(8).toString("hex");
  return { password, user: await makeUser(OPERATOR, password) };
}
