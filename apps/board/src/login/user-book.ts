import type { BoardUser } from "./board-user.ts";
import { DEFAULT_COST, isPasswordOf, unmatchableHash } from "./password-hash.ts";

export type UserBook = {
  /** The user whose name and password these are; null for a wrong password and an unknown name alike. */
  check(name: string, password: string): Promise<BoardUser | null>;
  find(name: string): BoardUser | null;
};

export function createUserBook(users: readonly BoardUser[]): UserBook {
  const byName = new Map(users.map((user) => [user.name, user]));
  // An unknown name costs the same work as a known one, so that the time does not tell which names exist.
  const nobody = unmatchableHash(users[0]?.passwordHash.cost ?? DEFAULT_COST);

  return {
    async check(name, password) {
      const user = byName.get(name);
      const isRight = await isPasswordOf(user?.passwordHash ?? nobody, password);
      return isRight && user ? user : null;
    },
    find: (name) => byName.get(name) ?? null,
  };
}
