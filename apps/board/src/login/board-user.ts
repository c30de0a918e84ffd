import { formatPasswordHash, parsePasswordHash, type PasswordHash } from "./password-hash.ts";

/** `viewer` sees everything and changes nothing; `admin` may also press the buttons. */
export const BOARD_ROLES = ["viewer", "admin"] as const;
export type BoardRole = (typeof BOARD_ROLES)[number];

export type BoardUser = { name: string; role: BoardRole; passwordHash: PasswordHash };

/** Goes into logs and into the session's cookie as it is. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

/** One entry of `BOARD_USERS`: `name:role:hash`, as `make-user` prints it. Answers undefined for anything else. */
export function parseBoardUser(text: string): BoardUser | undefined {
  const [name = "", roleText = "", hashText = "", ...rest] = text.split(":");
  const role = BOARD_ROLES.find((known) => known === roleText);
  const passwordHash = parsePasswordHash(hashText);
  if (!isUserName(name) || !role || !passwordHash || rest.length > 0) return undefined;
  return { name, role, passwordHash };
}

export function formatBoardUser({ name, role, passwordHash }: BoardUser): string {
  return `${name}:${role}:${formatPasswordHash(passwordHash)}`;
}

export function isUserName(text: string): boolean {
  return NAME.test(text);
}
