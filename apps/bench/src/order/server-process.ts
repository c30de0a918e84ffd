import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { untilTrue } from "@rushes/test-rig";

export type ServerProcess = {
  url: string;
  /** Of its whole life, milliseconds; 0 where the system does not tell. */
  cpuMs(): number;
  stop(): Promise<void>;
};

/** A tick of `/proc/<pid>/stat`; 100 a second on every Linux. */
const TICK_MS = 10;

const PROGRAMS = {
  /** As it is deployed, its log included. */
  rushes: new URL("../../../api/src/main.ts", import.meta.url),
  bare: new URL("bare-route.ts", import.meta.url),
};

/** Starts one side as a process of its own. Its output is read and thrown away, as a log collector would. */
export async function startServer(
  side: keyof typeof PROGRAMS,
  redisUrl: string,
  profileDir: string | null,
): Promise<ServerProcess> {
  const profiling = profileDir === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`];
  const child = spawn(
    execPath,
    ["--conditions=source", ...profiling, fileURLToPath(PROGRAMS[side]), redisUrl],
    { env: { PATH: env["PATH"], PORT: "0", REDIS_URL: redisUrl }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const url = await readUrl(child);
  // The control has no such page, and is ready when it listens.
  if (side === "rushes") await untilTrue(async () => (await fetch(`${url}/readyz`)).ok);
  return {
    url,
    cpuMs() {
      try {
        const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
        return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
      } catch {
        return 0;
      }
    },
    async stop() {
      child.kill(side === "rushes" ? "SIGTERM" : "SIGINT");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

async function readUrl(child: ChildProcess): Promise<string> {
  let output = "";
  let url: string | undefined;
  child.stdout?.on("data", (chunk: Buffer) => {
    if (url === undefined) output += chunk.toString();
  });
  await untilTrue(() => {
    url = /"url":"(http:[^"]+)"/.exec(output)?.[1];
    return url !== undefined || output;
  });
  return url ?? "";
}
