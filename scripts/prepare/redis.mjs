import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import { lastLines, runQuietly } from "../run-command.mjs";
import { installFromDebian, unpackFromDebian } from "./debian-redis.mjs";
import { isAtLeast, OLDEST_REDIS, serverVersion, waysToRedis, wrapperScript } from "./redis-plan.mjs";

/**
 * Makes sure that a command named `redis-server` can be run, in the order of design: a configured server, one on
 * PATH, the system's packages, Homebrew, and else a sentence that says what to do. A server that goes by another
 * name or lies in the data folder gets a wrapper in `<data>/bin`, which belongs at the end of PATH.
 *
 * @param {{ data: string, redisUrl: string | undefined, say: (line: string) => void }} options `data`: the data
 *   folder, absolute; `redisUrl`: of a server that makes one of our own unnecessary
 * @throws {Error} with a sentence for a person when there is none
 */
export async function prepareRedis({ data, redisUrl, say }) {
  const ways = waysToRedis({
    redisUrl,
    servers: await findServers(data, say),
    hasAptGet: onPath("apt-get") !== null && onPath("dpkg-deb") !== null,
    isRoot: process.getuid?.() === 0,
    hasHomebrew: onPath("brew") !== null,
  });
  for (const way of ways) {
    if (await take(way, data, say)) return;
  }
}

/**
 * @param {ReturnType<typeof waysToRedis>[number]} way
 * @param {string} data
 * @param {(line: string) => void} say
 * @returns {Promise<boolean>} whether a server can be run now
 */
async function take(way, data, say) {
  switch (way.way) {
    case "configured":
      say("Redis: the one REDIS_URL names.");
      return true;
    case "present":
      if (way.path.endsWith("/valkey-server")) writeWrapper(data, { server: way.path });
      say(`Redis: ${way.version}, already on this machine.`);
      return true;
    case "apt-install":
      say("Redis: installing the package redis-server (no service is left running).");
      return worked(await installFromDebian(), data, say);
    case "apt-unpack": {
      say("Redis: fetching the package redis-server and unpacking it into the data folder.");
      const result = await unpackFromDebian(join(data, "debian"));
      if (result.target !== undefined) writeWrapper(data, result.target);
      return worked(result, data, say);
    }
    case "homebrew": {
      say("Redis: installing with Homebrew (no service is started).");
      const result = await runQuietly("brew", ["install", "redis"]);
      const prefix = await runQuietly("brew", ["--prefix", "redis"]);
      if (prefix.code === 0) writeWrapper(data, { server: join(prefix.output.trim(), "bin/redis-server") });
      return worked(result, data, say);
    }
    case "ask":
      throw new Error(
        `Redis: none found and none could be installed. Install redis-server ${OLDEST_REDIS} or newer so that it is on PATH, ` +
          "or set REDIS_URL to a server that runs, and try again.",
      );
  }
}

/**
 * Believes an installation only when the server it brought answers.
 *
 * @param {{ code: number, output: string }} result
 * @param {string} data
 * @param {(line: string) => void} say
 */
async function worked(result, data, say) {
  const servers = result.code === 0 ? await findServers(data, say) : [];
  const server = servers.find(({ version }) => isAtLeast(version, OLDEST_REDIS));
  if (server === undefined) {
    say(`Redis: that did not work. Its last lines were:\n${lastLines(result.output, 4)}`);
    return false;
  }
  say(`Redis: ${server.version}, installed.`);
  return true;
}

/**
 * The servers that PATH or the data folder offer and that run here.
 *
 * @param {string} data
 * @param {(line: string) => void} say
 */
async function findServers(data, say) {
  const found = [];
  const paths = [onPath("redis-server"), onPath("valkey-server"), executable(join(data, "bin/redis-server"))];
  for (const path of paths) {
    if (path === null) continue;
    const version = serverVersion((await runQuietly(path, ["--version"])).output);
    if (version === null) say(`Redis: ${path} does not run here, looking further.`);
    else found.push({ path, version });
  }
  return found;
}

/**
 * @param {string} data
 * @param {Parameters<typeof wrapperScript>[0]} target
 */
function writeWrapper(data, target) {
  mkdirSync(join(data, "bin"), { recursive: true });
  writeFileSync(join(data, "bin/redis-server"), wrapperScript(target), { mode: 0o755 });
}

/** @param {string} command */
function onPath(command) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = folder === "" ? null : executable(join(folder, command));
    if (path !== null) return path;
  }
  return null;
}

/** @param {string} path */
function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return null;
  }
}
