/** BullMQ needs commands that older servers do not have. */
export const OLDEST_REDIS = "6.2";

/**
 * The ways to a Redis server that this machine allows, best first. Each is tried until one works; `ask`, always
 * last, is the sentence that tells a person what to do.
 *
 * @param {{
 *   redisUrl: string | undefined,
 *   servers: { path: string, version: string }[],
 *   hasAptGet: boolean,
 *   isRoot: boolean,
 *   hasHomebrew: boolean,
 * }} machine `servers`: what was found on PATH, in order
 * @returns {({ way: "configured" | "apt-install" | "apt-unpack" | "homebrew" | "ask" }
 *   | { way: "present", path: string, version: string })[]}
 */
export function waysToRedis({ redisUrl, servers, hasAptGet, isRoot, hasHomebrew }) {
  if (redisUrl !== undefined && redisUrl !== "") return [{ way: "configured" }];
  const present = servers.find((server) => isAtLeast(server.version, OLDEST_REDIS));
  if (present !== undefined) return [{ way: "present", ...present }];
  /** @type {ReturnType<typeof waysToRedis>} */
  const ways = [];
  if (hasAptGet && isRoot) ways.push({ way: "apt-install" });
  // Root may unpack as well: it is the way out when the installation is refused.
  if (hasAptGet) ways.push({ way: "apt-unpack" });
  if (hasHomebrew) ways.push({ way: "homebrew" });
  ways.push({ way: "ask" });
  return ways;
}

/**
 * The version in what `redis-server --version` or `valkey-server --version` prints ("… v=7.0.15 …"), or null.
 *
 * @param {string} output
 */
export function serverVersion(output) {
  return /\bv=(\d+\.\d+\.\d+)/.exec(output)?.[1] ?? null;
}

/**
 * @param {string} version
 * @param {string} oldest
 */
export function isAtLeast(version, oldest) {
  const have = version.split(".").map(Number);
  for (const [index, need] of oldest.split(".").map(Number).entries()) {
    const part = have[index] ?? 0;
    if (part !== need) return part > need;
  }
  return true;
}

/**
 * The packages to unpack for a Redis server: itself and, followed from it, the dependencies that carry libraries or
 * the server. What only prepares a system service (users, init scripts) is not needed, nor a library that is
 * installed already; the parts of Redis are, because the server is a link to a program of another of its packages.
 *
 * @param {string} dependsOutput of `apt-cache depends --recurse …`: names at the start of a line, their relations
 *   indented below, `|` before every alternative but the last
 * @param {string} installedOutput of `dpkg-query -W -f '${Package} ${db:Status-Status}\n'`
 * @returns {string[]} empty when the lists do not know the server
 */
export function packagesToUnpack(dependsOutput, installedOutput) {
  const dependencies = dependenciesByPackage(dependsOutput);
  const installed = new Set(
    installedOutput
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  const wanted = new Set(dependencies.has("redis-server") ? ["redis-server"] : []);
  // A set may grow while it is walked; what is added is visited too.
  for (const name of wanted) {
    for (const dependency of dependencies.get(name) ?? []) {
      const isLibrary = /^(lib|lua|zlib)/.test(dependency) && !installed.has(dependency);
      if (isLibrary || dependency.startsWith("redis")) wanted.add(dependency);
    }
  }
  return [...wanted];
}

/**
 * @param {string} dependsOutput
 * @returns {Map<string, string[]>} of several alternatives only the first
 */
function dependenciesByPackage(dependsOutput) {
  const byPackage = new Map();
  let current = [];
  let afterAlternative = false;
  for (const line of dependsOutput.split("\n")) {
    const relation = /^ ([ |])(?:Pre)?Depends: (\S+)$/.exec(line);
    if (relation !== null) {
      if (!afterAlternative) current.push(relation[2]);
      afterAlternative = relation[1] === "|";
    } else if (/^[a-z0-9][a-z0-9.+-]*$/.test(line)) {
      current = [];
      byPackage.set(line, current);
    }
  }
  return byPackage;
}

/**
 * A shell script that runs a server under the name everything here looks for. Paths inside the data folder are kept
 * relative to the script, so that the folder may move.
 *
 * @param {{ server: string, libraries?: string[] }} target paths relative to the data folder, or absolute
 */
export function wrapperScript({ server, libraries = [] }) {
  return [
    "#!/bin/sh",
    'data=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)',
    ...(libraries.length === 0
      ? []
      : [
          `LD_LIBRARY_PATH="${libraries.map(inShell).join(":")}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"`,
          "export LD_LIBRARY_PATH",
        ]),
    `exec "${inShell(server)}" "$@"`,
    "",
  ].join("\n");
}

/** @param {string} path */
function inShell(path) {
  return path.startsWith("/") ? path : `$data/${path}`;
}
