import { randomBytes, scryptSync } from "node:crypto";

const USER = "proof";
const PASSWORD = randomBytes(12).toString("hex");
const COST = { N: 2 ** 14, r: 8, p: 1 };

/** An entry for `BOARD_USERS`: one admin with a password of this run. */
export function boardUser(): string {
  const salt = randomBytes(16);
  const digest = scryptSync(PASSWORD, salt, 32, COST);
  const hash = ["scrypt", COST.N, COST.r, COST.p, salt.toString("base64url"), digest.toString("base64url")];
  return `${USER}:admin:${hash.join(".")}`;
}

export type BoardSession = {
  /** Presses a button, as the page of the board does. Answers the HTTP status, or why there was none. */
  press(path: string, json?: object): Promise<number | string>;
  /** What the board shows; null where it could not be had. */
  look(path: string): Promise<unknown>;
};

/** A browser's session with the board: logged in, with its cookie, from its own origin. */
export async function openBoardSession(url: string): Promise<BoardSession> {
  const login = await fetch(`${url}/login`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url },
    body: new URLSearchParams({ name: USER, password: PASSWORD }),
  });
  const cookie = login.headers.getSetCookie()[0]?.split(";")[0];
  if (login.status !== 303 || cookie === undefined)
    throw new Error(`the board's login answered ${login.status}`);

  const ask = (path: string, init: RequestInit): Promise<Response> =>
    fetch(`${url}/queues/api/queues${path}`, {
      ...init,
      headers: { origin: url, cookie, "content-type": "application/json" },
      signal: AbortSignal.timeout(8_000),
    });

  return {
    async press(path, json = {}) {
      try {
        const answer = await ask(path, { method: "PUT", body: JSON.stringify(json) });
        await answer.arrayBuffer();
        return answer.status;
      } catch (error) {
        return (error as Error).name;
      }
    },
    async look(path) {
      try {
        return await (await ask(path, {})).json();
      } catch {
        return null;
      }
    },
  };
}
