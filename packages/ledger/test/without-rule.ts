import { readScriptFile, type ReadScript } from "../src/index.ts";

/** Takes one rule out of one script; fails when the text it looks for is no longer there. */
export function without(script: string, rule: string, instead: string): ReadScript {
  return (name) => {
    const text = readScriptFile(name);
    if (name !== script) return text;
    const edited = text.replace(rule, () => instead);
    if (edited === text) throw new Error(`${script}.lua no longer holds: ${rule}`);
    return edited;
  };
}
