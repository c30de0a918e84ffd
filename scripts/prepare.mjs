import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

import { prepareNode } from "./prepare/node.mjs";
import { preparePackages } from "./prepare/packages.mjs";
import { prepareRedis } from "./prepare/redis.mjs";

/** The repository. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/**
 * Brings a fresh machine to where the sources run: packages, Node, and Redis. Says one plain line per step. Does
 * nothing but look when everything is in place.
 *
 * @param {{ redis: "any" | "program" | "none" }} needs `any`: the server that REDIS_URL names will do; `program`: one
 *   that can be started, because tests start and kill their own
 * @returns {Promise<{ node: string, env: NodeJS.ProcessEnv }>} the Node to use, and the environment in which `node`,
 *   the tools and `redis-server` are found by name
 */
export async function prepare({ redis }) {
  const data = join(ROOT, ".data");
  try {
    await preparePackages(ROOT, say);
    const node = await prepareNode(ROOT, say);
    const redisUrl = redis === "any" ? process.env.REDIS_URL : undefined;
    if (redis !== "none") await prepareRedis({ data, redisUrl, say });
    const path = [join(ROOT, "node_modules/.bin"), process.env.PATH, join(data, "bin")];
    return { node, env: { ...process.env, PATH: path.filter(Boolean).join(delimiter) } };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

/** @param {string} line */
function say(line) {
  console.log(line);
}
