import { once } from "node:events";
import { untilTrue } from "@rushes/test-rig";
import type { RunningSystem } from "./running-system.ts";

export type BoardProcess = {
  url: string;
  /** The admin that the board makes up where no users are set. */
  admin: { name: string; password: string };
  stop(): Promise<void>;
};

const LOGIN = /log in as "(\w+)" with the password ([\w-]+)$/m;
const PORT = /"port":(\d+)/;

/** The board as it is deployed, beside a system that runs. */
export async function startBoardProcess(
  system: Pick<RunningSystem, "spawnProcess" | "api">,
  environment: Record<string, string> = {},
): Promise<BoardProcess> {
  const { process: child, lines } = system.spawnProcess("apps/board/src/main.ts", {
    BOARD_PORT: "0",
    API_URL: system.api.url,
    ...environment,
  });
  const said = (): string => lines.join("\n");
  await untilTrue(() => (LOGIN.test(said()) && PORT.test(said())) || said(), { timeoutMs: 45_000 });
  const [, name = "", password = ""] = LOGIN.exec(said()) ?? [];
  const [, port = ""] = PORT.exec(said()) ?? [];
  return {
    url: `http://127.0.0.1:${port}`,
    admin: { name, password },
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}
