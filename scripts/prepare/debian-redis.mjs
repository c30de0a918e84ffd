import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { runQuietly } from "../run-command.mjs";
import { packagesToUnpack } from "./redis-plan.mjs";

/**
 * Installs Debian's redis-server as root, once more after refreshing the package lists when it is not found.
 * The package starts its own service and enables it at boot; both are undone, because the server that is wanted is
 * the one `up` and the tests start for themselves.
 *
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function installFromDebian() {
  // Service scripts believe themselves in single-user mode then and start nothing, where there is no systemd.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1", PREVLEVEL: "N" };
  const install = () =>
    runQuietly(
      "apt-get",
      ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", "redis-server"],
      { env },
    );
  let result = await install();
  if (result.code !== 0) {
    await runQuietly("apt-get", ["update"], { env });
    result = await install();
  }
  if (result.code === 0) await stopService();
  return result;
}

/** There was no server on this machine a moment ago, so the service is the package's own. */
async function stopService() {
  if (existsSync("/run/systemd/system")) await runQuietly("systemctl", ["disable", "--now", "redis-server"]);
  else if (existsSync("/etc/init.d/redis-server")) await runQuietly("/etc/init.d/redis-server", ["stop"]);
}

/**
 * Fetches Debian's redis-server and the libraries it lacks, and unpacks them without installing anything. Needs no
 * root. The system's package lists are used when they will do, else lists of our own inside the folder.
 *
 * @param {string} folder is replaced
 * @returns {Promise<{ code: number, output: string, target?: { server: string, libraries: string[] } }>}
 *   `target`: paths relative to the folder's parent
 */
export async function unpackFromDebian(folder) {
  let output = "";
  for (const lists of ["system", "own"]) {
    rmSync(folder, { recursive: true, force: true });
    for (const path of ["packages", "root", "state/lists/partial", "cache/archives/partial"]) {
      mkdirSync(join(folder, path), { recursive: true });
    }
    const options = lists === "system" ? [] : ownLists(folder);
    const steps = await fetchAndUnpack(folder, options, lists === "own");
    output = steps.output;
    if (steps.code === 0) {
      for (const path of ["packages", "state", "cache"]) rmSync(join(folder, path), { recursive: true });
      const libraries = libraryFolders(join(folder, "root")).map((path) => join("debian/root", path));
      return { code: 0, output, target: { server: "debian/root/usr/bin/redis-server", libraries } };
    }
  }
  return { code: 1, output };
}

/** @param {string} folder */
function ownLists(folder) {
  return [
    `Dir::State=${join(folder, "state")}`,
    "Dir::State::status=/var/lib/dpkg/status",
    `Dir::Cache=${join(folder, "cache")}`,
  ].flatMap((option) => ["-o", option]);
}

/**
 * @param {string} folder
 * @param {string[]} options for every apt command
 * @param {boolean} refresh
 */
async function fetchAndUnpack(folder, options, refresh) {
  if (refresh) await runQuietly("apt-get", [...options, "update"]);
  const depends = await runQuietly("apt-cache", [...options, ...DEPENDS]);
  const names = depends.output.split("\n").filter((line) => /^[a-z0-9][a-z0-9.+-]*$/.test(line));
  const installed = await runQuietly("dpkg-query", [
    "-W",
    "-f",
    "${Package} ${db:Status-Status}\n",
    ...names,
  ]);
  const wanted = packagesToUnpack(depends.output, installed.output);
  if (wanted.length === 0) return { code: 1, output: "The package lists do not know redis-server." };
  const fetched = await runQuietly("apt-get", [...options, "download", ...wanted], {
    cwd: join(folder, "packages"),
  });
  if (fetched.code !== 0) return fetched;
  for (const file of readdirSync(join(folder, "packages"))) {
    const unpacked = await runQuietly("dpkg-deb", [
      "-x",
      join(folder, "packages", file),
      join(folder, "root"),
    ]);
    if (unpacked.code !== 0) return unpacked;
  }
  return fetched;
}

const DEPENDS = [
  "depends",
  "--recurse",
  ...["recommends", "suggests", "conflicts", "breaks", "replaces", "enhances"].map((kind) => `--no-${kind}`),
  "redis-server",
];

/**
 * The folders below `root` that hold shared libraries, relative to it.
 *
 * @param {string} root
 * @param {string} [below]
 * @returns {string[]}
 */
function libraryFolders(root, below = "") {
  const entries = readdirSync(join(root, below), { withFileTypes: true });
  const inside = entries
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => libraryFolders(root, join(below, entry.name)));
  const holdsLibraries = entries.some((entry) => /\.so(\.|$)/.test(entry.name));
  return holdsLibraries ? [below, ...inside] : inside;
}
