import type { MemoryFile } from "./memory.ts";
import { choosePort, type PortWish } from "./ports.ts";
import type { UpSettings } from "./settings.ts";

export type Ports = Record<"redis" | "store" | "sandbox" | "file" | "api" | "health" | "board", number>;

/** Parts that have not got one yet, or that are not ours to start. */
export const NO_PORTS: Ports = { redis: 0, store: 0, sandbox: 0, file: 0, api: 0, health: 0, board: 0 };

/** As in design; the sandbox's are the ones it takes by itself. */
const USUAL = { api: 8080, health: 8081, board: 8082, sandbox: 4010, file: 4011 };

/**
 * A port for each of `parts`, to be called just before they start, for somebody else may take one in between. Those of
 * the embedded parts are the ones of the last start where they are free, because links in records point at them. Says
 * where a usual port was taken.
 */
export async function choosePorts(
  parts: readonly (keyof Ports)[],
  options: { settings: UpSettings; memory: MemoryFile; say: (line: string) => void },
): Promise<Partial<Ports>> {
  const { settings, memory, say } = options;
  const remembered = memory.get().ports;
  const wishes: Record<keyof Ports, PortWish> = {
    redis: { preferred: remembered["redis"] },
    store: { preferred: remembered["store"] },
    sandbox: { preferred: remembered["sandbox"] ?? USUAL.sandbox },
    file: { preferred: remembered["file"] ?? USUAL.file },
    api: { set: settings.PORT, preferred: USUAL.api },
    health: { set: settings.HEALTH_PORT, preferred: USUAL.health },
    board: { set: settings.BOARD_PORT, preferred: USUAL.board },
  };
  const ports: Partial<Ports> = {};
  for (const part of parts) {
    const { port, isSubstitute } = await choosePort(wishes[part]);
    ports[part] = port;
    if (isSubstitute) say(`Port ${wishes[part].preferred} is taken; ${WORDS[part]} uses ${port}.`);
    if (REMEMBERED.has(part)) memory.set({ ports: { ...memory.get().ports, [part]: port } });
  }
  return ports;
}

const REMEMBERED: ReadonlySet<keyof Ports> = new Set(["redis", "store", "sandbox", "file"]);

const WORDS: Readonly<Record<keyof Ports, string>> = {
  redis: "Redis",
  store: "the store",
  sandbox: "the sandbox",
  file: "the sandbox's file host",
  api: "the API",
  health: "the worker's health server",
  board: "the board",
};
