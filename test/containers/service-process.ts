import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { untilTrue } from "@rushes/test-rig";
import { ROOT, type Service } from "./compose-file.ts";

const run = promisify(execFile);

/** A service of docker-compose.yml as a process on this machine, from the sources. */
export type ServiceProcess = {
  process: ChildProcess;
  /** Everything it has written, one line each. */
  lines: string[];
  /** Resolves with the port once it listens. */
  port(): Promise<number>;
  /** Runs the service's health check as it is written, with this port in place of the container's. */
  isHealthy(port: number): Promise<boolean>;
  /** Sends SIGTERM and resolves with the exit code. */
  stop(): Promise<number | null>;
  kill(): void;
};

/** A process starts in a second or two; on a busy machine in many. */
const PATIENCE = { timeoutMs: 45_000 };

/** The ports of all processes here; each takes a free one. */
const FREE_PORTS = { PORT: "0", HEALTH_PORT: "0", BOARD_PORT: "0", SANDBOX_FILE_PORT: "0" };

/**
 * Starts the service's command with the environment of its container. `replaced` maps the other services' addresses,
 * such as `redis://redis:6379`, to where they are here.
 */
export function startService(
  service: Service,
  environment: Readonly<Record<string, string>>,
  replaced: Readonly<Record<string, string>>,
): ServiceProcess {
  const main = service.command[1]?.replace("/dist/", "/src/").replace(/\.js$/, ".ts") ?? "";
  const mapped = Object.entries(environment).map(([name, value]) => [name, replaced[value] ?? value]);
  const ports = Object.entries(FREE_PORTS).filter(([name]) => name in environment);
  const child = spawn(process.execPath, ["--conditions=source", main], {
    cwd: ROOT,
    // Nothing of this process's own environment: a container has none of it either.
    env: { ...Object.fromEntries(mapped), ...Object.fromEntries(ports) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const hear = (chunk: Buffer): void => void lines.push(...chunk.toString().split("\n").filter(Boolean));
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;

  return {
    process: child,
    lines,
    async port() {
      let found = 0;
      await untilTrue(() => {
        if (hasEnded()) return true;
        const line = lines.find((text) => text.includes("listen")) ?? "";
        const [, port, urlPort] = /"port":(\d+)|"url":"http:\/\/[^:"]+:(\d+)/.exec(line) ?? [];
        found = Number(port ?? urlPort ?? 0);
        return found > 0 || lines.join("\n");
      }, PATIENCE);
      if (found === 0) throw new Error(`${main} ended: ${lines.join("\n")}`);
      return found;
    },
    async isHealthy(port) {
      const [kind, program, ...rest] = service.healthcheck.test;
      if (kind !== "CMD" || program !== "node")
        throw new Error(`cannot run ${service.healthcheck.test.join(" ")}`);
      const words = rest.map((word) => word.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`));
      return run(process.execPath, words).then(
        () => true,
        () => false,
      );
    },
    async stop() {
      const gone = hasEnded() ? null : once(child, "exit");
      child.kill("SIGTERM");
      await gone;
      return child.exitCode;
    },
    kill: () => void child.kill("SIGKILL"),
  };
}

/** The port in the container that the health check asks, to be compared with the environment's. */
export function checkedPort(service: Service): string | undefined {
  return /127\.0\.0\.1:(\d+)/.exec(service.healthcheck.test.join(" "))?.[1];
}
