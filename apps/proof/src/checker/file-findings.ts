import type { ObjectLine } from "../history/history-lines.ts";
import type { CaseFile } from "./case-files.ts";
import type { Finding } from "./finding.ts";

/** Whether a completed order's file is in the bucket and is what its task made. */
export function fileFindings(file: CaseFile, objects: ReadonlyMap<string, ObjectLine>): Finding[] {
  return file.records
    .filter(({ phase }) => phase === "completed")
    .flatMap(({ output, taskId }) => {
      const differs = (says: string): Finding => ({ invariant: "file-differs", about: file.prompt, says });
      const source = file.charges.find((charge) => charge.taskId === taskId)?.task?.sha256;
      if (output.length !== 1) return [differs(`${output.length} files instead of one`)];
      return output.flatMap(({ key, bytes, sha256 }) => {
        const object = objects.get(key);
        if (!object) return [differs(`${key} is not in the bucket`)];
        if (object.sha256 !== sha256 || object.bytes !== bytes)
          return [differs(`${key} is not what the record says`)];
        if (object.sha256 !== source) return [differs(`${key} is not the file of ${taskId ?? "any task"}`)];
        return [];
      });
    });
}
