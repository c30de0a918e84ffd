import { join } from "node:path";

import { runQuietly } from "../run-command.mjs";

/** The sources use syntax that Node runs without a build from this major version on. */
const OLDEST_MAJOR = 24;

/**
 * Finds the Node that runs the sources: the one the packages brought, or this very process's when the packaged
 * one does not run on this machine.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 * @returns {Promise<string>} its path
 */
export async function prepareNode(root, say) {
  const packaged = join(root, "node_modules/.bin/node");
  for (const path of [packaged, process.execPath]) {
    const { code, output } = await runQuietly(path, ["--version"]);
    const version = output.trim();
    if (code === 0 && Number(/^v(\d+)\./.exec(version)?.[1]) >= OLDEST_MAJOR) {
      say(`Node: ${version.slice(1)}.`);
      return path;
    }
  }
  throw new Error(
    `Node: the packaged Node does not run on this machine. Install Node ${OLDEST_MAJOR} or newer and try again.`,
  );
}
