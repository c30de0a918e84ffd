import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Where the Redis server's program is: `RUSHES_REDIS_SERVER`, or `redis-server` or `valkey-server` on `PATH`. Tests
 * have no main.ts that could read the environment for them, so this one file of the rig does.
 *
 * @throws Error that says what to install.
 */
export function findRedisServer(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment["RUSHES_REDIS_SERVER"];
  if (named !== undefined && named !== "") {
    if (isProgram(named)) return named;
    throw new Error("RUSHES_REDIS_SERVER does not name a program that can be run");
  }
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const found = ["redis-server", "valkey-server"]
    .flatMap((program) => folders.map((folder) => join(folder, program)))
    .find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    "These tests need a real Redis server: install redis-server (7.0 or newer), or set RUSHES_REDIS_SERVER to its path.",
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
