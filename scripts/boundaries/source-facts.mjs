import { parseSync } from "oxc-parser";

/**
 * What the boundary rules want to know of one file. Lines count from 1.
 *
 * @typedef {{ specifier: string, line: number }} Import
 * @typedef {{ imports: Import[], environmentLines: number[], defaultExportLines: number[] }} SourceFacts
 */

/**
 * @param {string} path its ending tells the language
 * @param {string} text
 * @returns {SourceFacts}
 * @throws {Error} when the file cannot be parsed
 */
export function sourceFacts(path, text) {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  /** @type {SourceFacts} */
  const facts = { imports: [], environmentLines: [], defaultExportLines: [] };
  const lineOf = (offset) => text.slice(0, offset).split("\n").length;
  for (const node of nodesOf(program)) {
    const specifier = importedBy(node);
    if (specifier !== undefined) facts.imports.push({ specifier, line: lineOf(node.start) });
    if (exportsDefault(node)) facts.defaultExportLines.push(lineOf(node.start));
    if (readsEnvironment(node)) facts.environmentLines.push(lineOf(node.start));
  }
  return facts;
}

/** Every node of the tree, whatever it hangs on. */
function* nodesOf(value) {
  if (Array.isArray(value)) {
    for (const item of value) yield* nodesOf(item);
  } else if (typeof value === "object" && value !== null) {
    if (typeof value.type === "string") yield value;
    for (const item of Object.values(value)) yield* nodesOf(item);
  }
}

/** The name a node imports, statically, dynamically, as a type, or with `require`; undefined when it imports nothing. */
function importedBy(node) {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
    case "ImportExpression":
    case "TSImportType":
      return stringOf(node.source);
    case "TSExternalModuleReference":
      return stringOf(node.expression);
    case "CallExpression":
      return node.callee.name === "require" ? stringOf(node.arguments[0]) : undefined;
    default:
      return undefined;
  }
}

/** `export default …` and `export { x as default }`. */
function exportsDefault(node) {
  if (node.type === "ExportSpecifier") return isNamed(node.exported, "default");
  return node.type === "ExportDefaultDeclaration";
}

/** `process.env`, `process["env"]`, `{ env } = process` and `import { env } from "node:process"`. */
function readsEnvironment(node) {
  switch (node.type) {
    case "MemberExpression":
      return isProcess(node.object) && isNamed(node.property, "env");
    case "VariableDeclarator":
      return (
        node.id.type === "ObjectPattern" &&
        isProcess(node.init) &&
        node.id.properties.some(({ key }) => isNamed(key, "env"))
      );
    case "ImportDeclaration":
      return (
        ["process", "node:process"].includes(node.source.value) &&
        node.specifiers.some(({ imported }) => isNamed(imported, "env"))
      );
    default:
      return false;
  }
}

/** `process` and `globalThis.process`. */
function isProcess(node) {
  return isNamed(node, "process") || (node?.type === "MemberExpression" && isNamed(node.property, "process"));
}

function isNamed(node, name) {
  return node?.name === name || stringOf(node) === name;
}

/** The text of a string literal, also when it is written as a template without holes. */
function stringOf(node) {
  if (node?.type === "TemplateLiteral" && node.quasis.length === 1) return node.quasis[0].value.cooked;
  return node?.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}
