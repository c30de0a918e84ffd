import fs from "node:fs";
import { registerHooks, syncBuiltinESMExports } from "node:module";
import { findMutant, type SourceEdit } from "../mutants/mutant-table.ts";

/**
 * Takes a rule out of this process's sources while they are loaded: modules on their way into Node, scripts on their way
 * into the ledger. A rule that is no longer there to take out ends the process: a mutant that changes nothing would
 * seem to be caught by nothing.
 */
export function mutateSources(name: string): void {
  const { edits } = findMutant(name);
  const editsOf = (path: string): SourceEdit[] => edits.filter(({ file }) => path.endsWith(`/${file}`));

  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const due = url.startsWith("file:") ? editsOf(new URL(url).pathname) : [];
      if (due.length === 0) return loaded;
      return { ...loaded, source: edited(sourceText(loaded.source), due) };
    },
  });

  const readFile = fs.readFileSync;
  const readEdited = (path: fs.PathOrFileDescriptor, ...options: never[]): string | Buffer => {
    const content: string | Buffer = readFile(path, ...options);
    const due = path instanceof URL && path.pathname.endsWith(".lua") ? editsOf(path.pathname) : [];
    return due.length === 0 ? content : edited(content.toString(), due);
  };
  fs.readFileSync = readEdited as typeof fs.readFileSync;
  syncBuiltinESMExports();
}

function sourceText(source: unknown): string {
  return typeof source === "string" ? source : Buffer.from(source as Uint8Array).toString();
}

function edited(text: string, edits: readonly SourceEdit[]): string {
  return edits.reduce((before, { file, rule, instead }) => {
    const after = before.replace(rule, () => instead);
    if (after !== before) return after;
    process.stderr.write(`${file} no longer holds: ${rule}\n`);
    process.exit(3);
  }, text);
}
