import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export type BoardProcess = {
  url: string;
  /** Of somebody who is logged in, as `name=value`. */
  cookie: string;
  /** A page as a person who is logged in gets it. @returns how long it took, milliseconds */
  get(path: string): Promise<number>;
  stop(): Promise<void>;
};

const PORT = /"port":(\d+)/;
const LOGIN = /log in as "(\w+)" with the password ([\w-]+)\n/;

/** The board as it is deployed, without users: it makes one up and says the password. */
export async function startBoardProcess(redisUrl: string): Promise<BoardProcess> {
  const entry = fileURLToPath(new URL("../../../board/src/main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", entry], {
    env: { REDIS_URL: redisUrl, BOARD_PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  const ready = Promise.withResolvers<void>();
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    if (LOGIN.test(said) && PORT.test(said)) ready.resolve();
  });
  child.once("exit", () => ready.reject(new Error(`the board has ended: ${said}`)));
  await ready.promise;
  const [, port = ""] = PORT.exec(said) ?? [];
  const [, name = "", password = ""] = LOGIN.exec(said) ?? [];
  const url = `http://127.0.0.1:${port}`;
  const login = await fetch(`${url}/login`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: url },
    body: new URLSearchParams({ name, password }),
  });
  const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";

  return {
    url,
    cookie,
    async get(path) {
      const startedMs = performance.now();
      const answer = await fetch(url + path, { headers: { cookie, accept: "text/html" } });
      await answer.text();
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
      return performance.now() - startedMs;
    },
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}
