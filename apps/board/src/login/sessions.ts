import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

export type Sessions = {
  /** A new session of this user, as the text of a cookie. */
  begin(userName: string): string;
  /** Whose session it is; null when it was not made here, is over, or was ended. */
  read(token: string): string | null;
  end(token: string): void;
};

export type SessionOptions = {
  lifeMs: number;
  /** Milliseconds; any clock that only goes forward. */
  now: () => number;
};

/**
 * Sessions as signed texts, `<id>.<until>.<user>.<signature>`, in base64url where it matters. The key is made here
 * and never leaves the process, so a restart logs everybody out, and nothing that leaks from the settings lets
 * anybody forge one.
 */
export function createSessions({ lifeMs, now }: SessionOptions): Sessions {
  const key = randomBytes(32);
  /** Ended before their time, by id: until when they would have lasted. */
  const ended = new Map<string, number>();

  const signatureOf = (text: string): string => createHmac("sha256", key).update(text).digest("base64url");

  function open(token: string): { id: string; untilMs: number; userName: string } | null {
    const cut = token.lastIndexOf(".");
    const [text, signature] = [token.slice(0, Math.max(0, cut)), token.slice(cut + 1)];
    if (!isSame(signature, signatureOf(text))) return null;
    const [id = "", until = "", ...name] = text.split(".");
    return { id, untilMs: Number(until), userName: name.join(".") };
  }

  return {
    begin(userName) {
      const text = `${randomBytes(16).toString("base64url")}.${Math.ceil(now() + lifeMs)}.${userName}`;
      return `${text}.${signatureOf(text)}`;
    },
    read(token) {
      const session = open(token);
      return session && session.untilMs > now() && !ended.has(session.id) ? session.userName : null;
    },
    end(token) {
      for (const [id, untilMs] of ended) if (untilMs <= now()) ended.delete(id);
      const session = open(token);
      if (session) ended.set(session.id, session.untilMs);
    },
  };
}

function isSame(one: string, other: string): boolean {
  // Buffers of different lengths cannot be compared in constant time; the length of a signature is no secret.
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
