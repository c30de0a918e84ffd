import { statfs } from "node:fs/promises";
import { isLoopbackHost } from "@rushes/lifecycle";
import type { Finding } from "@rushes/preflight";
import type { Redis } from "ioredis";

/** A rewrite of the append-only file needs room for a second copy; below this even a small one is in danger. */
const LEAST_FREE_BYTES = 1024 ** 3;

/**
 * The room where a Redis on this machine writes. Nothing for one elsewhere, one in a container of its own (its folder is not
 * here), or one that does not tell its folder.
 */
export async function checkDisk(redis: Redis, host: string): Promise<Finding[]> {
  if (!isLoopbackHost(host)) return [];
  try {
    const [, folder] = (await redis.config("GET", "dir")) as string[];
    if (folder === undefined) return [];
    const { bavail, bsize } = await statfs(folder);
    return [judgeDisk(bavail * bsize)];
  } catch {
    return [];
  }
}

export function judgeDisk(freeBytes: number): Finding {
  const check = "disk-space";
  const found = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free where Redis writes`;
  if (freeBytes >= LEAST_FREE_BYTES) return { check, found, verdict: "ok" };
  return {
    check,
    found,
    verdict: "warn",
    fix: "make room: when the disk is full, Redis refuses writes, or with always it ends",
  };
}
