import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A place with a name of its own: an app, a package, or the tests and scripts at the root.
 *
 * @typedef {{
 *   folder: string,
 *   kind: "app" | "package" | "root",
 *   dependencies: string[],
 *   devDependencies: string[],
 *   files: string[],
 * }} Place `folder` and `files` relative to the root
 */

const NOT_SOURCES = new Set(["node_modules", "dist", "assets", "fixtures"]);

/**
 * @param {string} root
 * @returns {Place[]}
 */
export function findPlaces(root) {
  const places = [];
  for (const [group, kind] of [
    ["apps", "app"],
    ["packages", "package"],
  ]) {
    for (const name of foldersIn(join(root, group))) {
      const folder = `${group}/${name}`;
      if (!existsSync(join(root, folder, "package.json"))) continue;
      places.push({ folder, kind, ...declared(root, folder), files: filesBelow(root, folder) });
    }
  }
  for (const folder of ["test", "scripts"]) {
    places.push({ folder, kind: "root", ...declared(root, "."), files: filesBelow(root, folder) });
  }
  return places;
}

/**
 * Where package.json says that something is needed, for a message that leads there.
 *
 * @param {string} root
 * @param {string} folder
 * @param {string} dependency
 */
export function declarationLine(root, folder, dependency) {
  const lines = readFileSync(join(root, folder, "package.json"), "utf8").split("\n");
  return lines.findIndex((line) => line.includes(`"${dependency}":`)) + 1;
}

/**
 * @param {string} root
 * @param {string} folder
 */
function declared(root, folder) {
  const parsed = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const needed = { ...parsed.dependencies, ...parsed.optionalDependencies, ...parsed.peerDependencies };
  return { dependencies: Object.keys(needed), devDependencies: Object.keys(parsed.devDependencies ?? {}) };
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(root, folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return NOT_SOURCES.has(entry.name) ? [] : filesBelow(root, path);
    return /\.(ts|mjs|lua)$/.test(entry.name) ? [path] : [];
  });
}

/** @param {string} path */
function foldersIn(path) {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}
