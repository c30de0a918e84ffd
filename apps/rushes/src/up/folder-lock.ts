import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { execFileSync } from "node:child_process";

/** Somebody else holds the folder. */
export class FolderTaken extends Error {
  override readonly name = "FolderTaken";
  readonly pid: number;

  constructor(pid: number) {
    super(`Another "up" (process ${pid}) is running in this folder. Use that one, or stop it first.`);
    this.pid = pid;
  }
}

/**
 * Makes this process the only one that runs the folder; its Redis files bear no second writer. The lock file holds the
 * process id and when that process began, so that a file left by a process that was killed, whose number another one
 * has got since, locks nobody out.
 *
 * @returns what gives the folder free again
 * @throws FolderTaken
 */
export function takeFolder(path: string, pid: number): () => void {
  mkdirSync(dirname(path), { recursive: true });
  const own = JSON.stringify({ pid, begun: begunAt(pid) });
  if (!writeNew(path, own)) {
    const holder = readHolder(path);
    if (holder !== undefined && isAlive(holder.pid) && begunAt(holder.pid) === holder.begun) {
      throw new FolderTaken(holder.pid);
    }
    rmSync(path, { force: true });
    if (!writeNew(path, own)) throw new FolderTaken(readHolder(path)?.pid ?? 0);
  }
  return () => rmSync(path, { force: true });
}

/** False when the file exists. */
function writeNew(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readHolder(path: string): { pid: number; begun: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as { pid: number; begun: string };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process answers EPERM; it is alive all the same.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A text that differs between two processes that had the same number; empty where the system does not tell. */
function begunAt(pid: number): string {
  try {
    if (existsSync("/proc/self/stat")) {
      // The name in brackets may hold spaces; counted from after it, the start time is the 20th field.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    }
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}
