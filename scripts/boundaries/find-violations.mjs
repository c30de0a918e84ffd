import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join, posix } from "node:path";

import { sourceFacts } from "./source-facts.mjs";
import { declarationLine, findPlaces } from "./source-tree.mjs";

/**
 * @typedef {{
 *   packages: Record<string, string[]>,
 *   onlyFrom: Record<string, string[]>,
 *   apps: Record<string, string[]>,
 *   tests: string[],
 *   testsOnly: string[],
 *   testCode: string[],
 *   environment: string[],
 *   emptyNames: string[],
 * }} Rules
 * @typedef {{ path: string, line: number, rule: string }} Violation
 * @typedef {import("./source-tree.mjs").Place} Place
 */

/**
 * Holds a source tree against the rules.
 *
 * @param {string} root
 * @param {Rules} rules
 * @returns {Violation[]}
 */
export function findViolations(root, rules) {
  const places = findPlaces(root);
  const appNames = places
    .filter(({ kind }) => kind === "app")
    .map(({ folder }) => `@rushes/${basename(folder)}`);
  const context = { root, rules, appNames, rootDevDependencies: places.at(-1)?.devDependencies ?? [] };
  return places.flatMap((place) => [
    ...declarationViolations(place, context),
    ...place.files.flatMap((path) => [
      ...nameViolations(place, path, rules),
      ...(path.endsWith(".lua") ? [] : sourceViolations(place, path, context)),
    ]),
  ]);
}

/**
 * @typedef {{ root: string, rules: Rules, appNames: string[], rootDevDependencies: string[] }} Context
 */

/**
 * What package.json asks for must be allowed too: a dependency that nothing imports yet is an invitation.
 *
 * @param {Place} place
 * @param {Context} context
 * @returns {Violation[]}
 */
function declarationViolations(place, context) {
  if (place.kind === "root") return [];
  const path = `${place.folder}/package.json`;
  if (place.kind === "package" && context.rules.packages[basename(place.folder)] === undefined) {
    return [{ path, line: 1, rule: "every package has a row in the table of scripts/boundaries.mjs" }];
  }
  const violations = [];
  for (const [dependencies, isTest] of [
    [place.dependencies, false],
    [place.devDependencies, true],
  ]) {
    for (const dependency of dependencies) {
      const rule = importRule(dependency, { place, isTest, context });
      if (rule !== null) {
        violations.push({ path, line: declarationLine(context.root, place.folder, dependency), rule });
      }
    }
  }
  return violations;
}

/**
 * @param {Place} place
 * @param {string} path
 * @param {Rules} rules
 * @returns {Violation[]}
 */
function nameViolations(place, path, rules) {
  const words = path
    .slice(place.folder.length + 1)
    .split("/")
    .map((part) => part.split(".")[0]);
  const bad = words.find((word) =>
    rules.emptyNames.some((empty) => word === empty || word.endsWith(`-${empty}`)),
  );
  return bad === undefined
    ? []
    : [{ path, line: 1, rule: `a name must say what is inside ("${bad}" does not)` }];
}

/**
 * @param {Place} place
 * @param {string} path
 * @param {Context} context
 * @returns {Violation[]}
 */
function sourceViolations(place, path, context) {
  const facts = sourceFacts(path, readFileSync(join(context.root, path), "utf8"));
  const isTest =
    /\.test\.(ts|mjs)$/.test(path) ||
    path.startsWith(`${place.folder}/test/`) ||
    context.rules.testCode.includes(place.folder);
  const violations = [];
  for (const { specifier, line } of facts.imports) {
    const rule = specifier.startsWith(".")
      ? relativeRule(specifier, place, path)
      : (importRule(packageOf(specifier), { place, isTest, context }) ??
        deepRule(specifier) ??
        undeclaredRule(packageOf(specifier), { place, isTest, context }));
    if (rule !== null) violations.push({ path, line, rule });
  }
  const mayRead =
    isTest ||
    place.folder === "scripts" ||
    context.rules.environment.some((file) => path === `${place.folder}/${file}`);
  if (!mayRead) {
    for (const line of facts.environmentLines) {
      violations.push({ path, line, rule: "only main.ts reads the environment" });
    }
  }
  for (const line of facts.defaultExportLines) violations.push({ path, line, rule: "no default exports" });
  return violations;
}

/**
 * @param {string} name of a package, or `node:…`
 * @param {{ place: Place, isTest: boolean, context: Context }} from
 * @returns {string | null} the rule it breaks
 */
function importRule(name, { place, isTest, context: { rules, appNames } }) {
  const own = `@rushes/${basename(place.folder)}`;
  if (name === own) return null;
  const only = Object.entries(rules.onlyFrom).find(([pattern]) => matches(name, pattern));
  if (only !== undefined && !only[1].includes(place.folder))
    return `only ${only[1].join(", ")} imports ${only[0]}`;
  if (appNames.includes(name)) {
    const allowed = (rules.apps[name] ?? []).includes(place.folder) || (isTest && rules.tests.includes(name));
    return allowed ? null : `nobody imports an app (${name})`;
  }
  if (!isTest && place.folder !== "scripts" && rules.testsOnly.includes(name))
    return `only tests import ${name}`;
  if (place.kind !== "package") return null;
  const allowed = rules.packages[basename(place.folder)] ?? [];
  // Tests may use any tool that package.json declares, but no more of our own packages than the sources.
  const inTest = [...allowed, ...rules.tests];
  if ((isTest ? inTest : allowed).some((pattern) => matches(name, pattern))) return null;
  if (isTest && !name.startsWith("@rushes/")) return null;
  return `${place.folder} may import only ${allowed.join(", ")} (not ${name})`;
}

/**
 * @param {string} specifier
 * @returns {string | null}
 */
function deepRule(specifier) {
  const isDeep = specifier.startsWith("@rushes/") && specifier !== packageOf(specifier);
  return isDeep ? `a package is entered by its index only (not ${specifier})` : null;
}

/**
 * @param {string} specifier
 * @param {Place} place
 * @param {string} path
 * @returns {string | null}
 */
function relativeRule(specifier, place, path) {
  const target = posix.normalize(posix.join(dirname(path), specifier));
  const inside = target.startsWith(`${place.folder}/`);
  return inside ? null : `a relative import stays inside ${place.folder} (not ${specifier})`;
}

/**
 * @param {string} name
 * @param {{ place: Place, isTest: boolean, context: Context }} from
 * @returns {string | null}
 */
function undeclaredRule(name, { place, isTest, context }) {
  if (name.startsWith("node:") || isBuiltin(name) || name === `@rushes/${basename(place.folder)}`)
    return null;
  const declared = [
    ...place.dependencies,
    ...(isTest || place.kind === "root" ? [...place.devDependencies, ...context.rootDevDependencies] : []),
  ];
  return declared.includes(name) ? null : `imports must be declared in package.json (${name})`;
}

/**
 * The package a specifier belongs to; Node's own modules keep their `node:` name, also when written without.
 *
 * @param {string} specifier
 */
function packageOf(specifier) {
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/**
 * @param {string} name
 * @param {string} pattern
 */
function matches(name, pattern) {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
