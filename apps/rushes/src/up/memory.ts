import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

const memorySchema = z.object({
  /** Ports the embedded parts had; records and links point at them. */
  ports: z.record(z.string(), z.number()).default({}),
  /** The operator's password at the board, and the entry of `BOARD_USERS` that goes with it. */
  board: z.object({ password: z.string(), user: z.string() }).optional(),
  /** Signs webhooks where `WEBHOOK_SECRET` is not set. */
  webhookSecret: z.string().optional(),
  /** The sample order that has not ended yet. `id` is missing when its answer was never seen. */
  sample: z.object({ idempotencyKey: z.string(), id: z.string().optional() }).optional(),
});

/** What a start leaves for the next one. */
export type Memory = z.output<typeof memorySchema>;

export type MemoryFile = {
  get(): Memory;
  /** Replaces what is given; undefined forgets. Is on disk when it returns. */
  set(change: { [Key in keyof Memory]?: Memory[Key] | undefined }): void;
};

/** A file that is missing or cannot be read is an empty memory. */
export function openMemory(path: string): MemoryFile {
  let memory = read(path);
  return {
    get: () => memory,
    set(change) {
      memory = memorySchema.parse({ ...memory, ...change });
      mkdirSync(dirname(path), { recursive: true });
      // It holds a password; and a process that dies while it writes must not leave half a file.
      writeFileSync(`${path}.new`, `${JSON.stringify(memory, null, 2)}\n`, { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}

function read(path: string): Memory {
  try {
    return memorySchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return memorySchema.parse({});
  }
}
