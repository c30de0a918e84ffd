import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { lastLines, runQuietly } from "../run-command.mjs";

/** Holds the hash of what was installed; inside node_modules, so that it goes when they go. */
const MARKER = "node_modules/.rushes-installed";

/** Without these in place nothing else can run. */
const NEEDED_AT_ROOT = ["node_modules/.bin/node", "node_modules/vitest", "node_modules/typescript"];

/**
 * Installs the packages, but only when one is missing or the lockfile is not the one they came from.
 *
 * @param {string} root the repository
 * @param {(line: string) => void} say
 * @throws {Error} with a sentence for a person when the installation fails
 */
export async function preparePackages(root, say) {
  const wanted = lockfileHash(root);
  const reason = reasonToInstall({
    wanted,
    installed: readIfThere(join(root, MARKER)),
    missing: missingPackages(root),
  });
  if (reason === null) {
    say("Packages: in place.");
    return;
  }
  const version = pnpmVersion(readFileSync(join(root, "package.json"), "utf8"));
  say(
    `Packages: installing with pnpm ${version}, because ${reason}. This takes a minute or two the first time.`,
  );
  const startedMs = Date.now();
  const { code, output } = await runQuietly(
    "npx",
    ["-y", `pnpm@${version}`, "install", "--frozen-lockfile"],
    { cwd: root, env: { ...process.env, ...INSTALL_ENVIRONMENT } },
  );
  if (code !== 0) {
    throw new Error(`Packages: the installation failed. Its last lines were:\n${lastLines(output)}`);
  }
  writeFileSync(join(root, MARKER), `${wanted}\n`);
  say(`Packages: installed in ${Math.round((Date.now() - startedMs) / 1000)} s.`);
}

const INSTALL_ENVIRONMENT = {
  // Without a terminal pnpm would otherwise stop to ask before it replaces an older node_modules.
  CI: "true",
  // The version is chosen above; pnpm need not fetch itself a second time to honour the packageManager field.
  pnpm_config_pm_on_fail: "ignore",
};

/**
 * Why the packages must be installed, as the end of a sentence, or null when they need not be.
 *
 * @param {{ wanted: string, installed: string | null, missing: string[] }} found
 */
export function reasonToInstall({ wanted, installed, missing }) {
  if (installed === null) return "nothing is installed yet";
  if (installed.trim() !== wanted) return "the lockfile has changed";
  if (missing.length > 0) return `${missing[0]} is missing`;
  return null;
}

/**
 * The version in `"packageManager": "pnpm@12.21.0"`, with or without the hash that may follow a plus sign.
 *
 * @param {string} packageJson
 */
export function pnpmVersion(packageJson) {
  const match = /^pnpm@([^+]+)/.exec(JSON.parse(packageJson).packageManager ?? "");
  if (match === null) throw new Error("package.json: packageManager must name a pnpm version.");
  return match[1];
}

/** @param {string} root */
function lockfileHash(root) {
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml"]) hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/**
 * The dependencies that some package.json names and that are not there, as paths.
 *
 * @param {string} root
 */
function missingPackages(root) {
  const paths = [...NEEDED_AT_ROOT];
  for (const group of ["apps", "packages"]) {
    for (const name of readdirSync(join(root, group))) {
      const packageJson = readIfThere(join(root, group, name, "package.json"));
      if (packageJson === null) continue;
      const { dependencies = {}, devDependencies = {} } = JSON.parse(packageJson);
      for (const dependency of Object.keys({ ...dependencies, ...devDependencies })) {
        paths.push(`${group}/${name}/node_modules/${dependency}`);
      }
    }
  }
  return paths.filter((path) => !existsSync(join(root, path)));
}

/** @param {string} path */
function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}
