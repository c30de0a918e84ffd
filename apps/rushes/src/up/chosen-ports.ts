import type { MemoryFile } from "./memory.ts";
import { choosePort } from "./ports.ts";
import type { Embedded, UpSettings } from "./settings.ts";

export type Ports = Record<"redis" | "store" | "sandbox" | "file" | "api" | "health" | "board", number>;

/** As in design; the sandbox's are the ones it takes by itself. */
const USUAL = { api: 8080, health: 8081, board: 8082, sandbox: 4010, file: 4011 };

/**
 * A port for each part. Those of the embedded parts are the ones of the last start where they are free, because links
 * in records point at them. Says where a usual port was taken.
 */
export async function choosePorts(options: {
  settings: UpSettings;
  embedded: Embedded;
  memory: MemoryFile;
  say: (line: string) => void;
}): Promise<Ports> {
  const { settings, embedded, memory, say } = options;
  const remembered = memory.get().ports;
  const wishes = {
    redis: { preferred: remembered["redis"] },
    store: { preferred: remembered["store"] },
    sandbox: { preferred: remembered["sandbox"] ?? USUAL.sandbox },
    file: { preferred: remembered["file"] ?? USUAL.file },
    api: { set: settings.PORT, preferred: USUAL.api },
    health: { set: settings.HEALTH_PORT, preferred: USUAL.health },
    board: { set: settings.BOARD_PORT, preferred: USUAL.board },
  };
  const ports: Ports = { redis: 0, store: 0, sandbox: 0, file: 0, api: 0, health: 0, board: 0 };
  for (const part of typedKeys(wishes)) {
    const isElsewhere =
      (part === "redis" && !embedded.redis) ||
      (part === "store" && !embedded.store) ||
      ((part === "sandbox" || part === "file") && !embedded.sandbox);
    if (isElsewhere) continue;
    const { port, isSubstitute } = await choosePort(wishes[part]);
    ports[part] = port;
    if (isSubstitute) say(`Port ${wishes[part].preferred} is taken; ${WORDS[part]} uses ${port}.`);
  }
  const { redis, store, sandbox, file } = ports;
  const used = Object.entries({ redis, store, sandbox, file }).filter(([, port]) => port !== 0);
  memory.set({ ports: { ...remembered, ...Object.fromEntries(used) } });
  return ports;
}

const WORDS: Readonly<Record<keyof Ports, string>> = {
  redis: "Redis",
  store: "the store",
  sandbox: "the sandbox",
  file: "the sandbox's file host",
  api: "the API",
  health: "the worker's health server",
  board: "the board",
};

function typedKeys<Row extends object>(row: Row): (keyof Row)[] {
  return Object.keys(row) as (keyof Row)[];
}
