import { randomBytes } from "node:crypto";
import type { BoardUser } from "./board-user.ts";
import { hashPassword } from "./password-hash.ts";

const NAME = "admin";
const PASSWORD_BYTES = 12;

/** An admin with a password made up here, for a board that was given no users. Only the caller ever knows it. */
export async function createFirstAdmin(): Promise<{ user: BoardUser; password: string }> {
  const password = randomBytes(PASSWORD_BYTES).toString("base64url");
  return { user: { name: NAME, role: "admin", passwordHash: await hashPassword(password) }, password };
}
