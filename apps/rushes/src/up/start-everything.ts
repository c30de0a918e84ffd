import { join, relative } from "node:path";
import type { End, Environment, Part } from "@rushes/lifecycle";
import type { Terminal } from "../terminal.ts";
import { apiAccess, boardLogin, webhookSigning } from "./access.ts";
import { createChildren, type Children } from "./children.ts";
import { choosePorts, NO_PORTS, type Ports } from "./chosen-ports.ts";
import { startFileStore } from "./file-store.ts";
import { makeBoardUser } from "./make-board-user.ts";
import { openMemory, type MemoryFile } from "./memory.ts";
import {
  EMBEDDED_BUCKET,
  partEnvironment,
  SPEED,
  type Credentials,
  type PartName,
} from "./part-environment.ts";
import { firstThatAnswers, httpLook, waitUntilReady } from "./readiness.ts";
import { redisLook, startRedisServer, stopLeftoverRedis } from "./redis-server.ts";
import { showSample } from "./sample.ts";
import { embeddedParts, type Embedded, type UpSettings } from "./settings.ts";
import { API_PAGES, placesToOpen } from "./places-to-open.ts";

export type StartOptions = {
  once: boolean;
  environment: Environment;
  settings: UpSettings;
  root: string;
  appsFolder?: string;
  data: string;
  terminal: Terminal;
  /** What has been started, in order; it is added here at once, so that it can be stopped whatever comes after. */
  parts: Part[];
  stopping: AbortSignal;
  end: End;
};

/** Starts every part, each as soon as what it stands on is ready, and orders the sample. */
export async function startEverything(options: StartOptions): Promise<void> {
  const { settings, terminal, data } = options;
  const start = begin(options);
  for (const line of opening(start)) terminal.say(line);
  const access = apiAccess(settings.API_KEYS);
  const login = await boardLogin(settings.BOARD_USERS, start.memory, (name, password) =>
    makeBoardUser(join(start.appsFolder, "board/src/make-user.ts"), name, password),
  );
  const signing = webhookSigning(settings.WEBHOOK_SECRET, start.memory);
  if (start.embedded.redis) await startRedis(start);
  if (start.embedded.store) await startStore(start);
  await startApps(start, {
    apiKeys: access.apiKeys,
    boardUsers: login.boardUsers,
    webhookSecret: signing.secret,
  });

  const api = { url: `http://127.0.0.1:${start.ports.api}`, key: access.key };
  const apiPage = await firstThatAnswers(API_PAGES, api.url, options.stopping);
  for (const line of placesToOpen({
    ...start,
    api,
    apiPage,
    boardLogin: login.words,
    signedWith: signing.words,
  }))
    terminal.say(line);
  if (!start.embedded.sandbox) return;
  const storeFolder = start.embedded.store ? storeFolderIn(data) : undefined;
  // Not waited for: the start is done, and this goes on beside everything else.
  void showSample({ ...options, api, memory: start.memory, storeFolder });
}

/** What the steps of one start share. */
type Start = StartOptions & {
  appsFolder: string;
  logFolder: string;
  embedded: Embedded;
  memory: MemoryFile;
  children: Children;
  /** Filled step by step. */
  ports: Ports;
  /** Chooses ports for parts that are about to start. */
  choose(...parts: (keyof Ports)[]): Promise<void>;
};

function begin(options: StartOptions): Start {
  const { settings, root, data, terminal } = options;
  const say = (line: string) => terminal.say(line);
  const appsFolder = options.appsFolder ?? join(root, "apps");
  const logFolder = join(data, "logs");
  const memory = openMemory(join(data, "up.json"));
  const ports = { ...NO_PORTS };
  return {
    ...options,
    appsFolder,
    logFolder,
    embedded: embeddedParts(settings),
    memory,
    children: createChildren({ ...options, appsFolder, logFolder, say }),
    ports,
    async choose(...parts) {
      Object.assign(ports, await choosePorts(parts, { settings, memory, say }));
    },
  };
}

async function startRedis(start: Start): Promise<void> {
  const { memory, ports, stopping, terminal, children } = start;
  const folder = join(start.data, "redis");
  if (await stopLeftoverRedis(memory.get().ports["redis"], folder, stopping)) {
    terminal.say("The Redis of an earlier start was still running; it has been stopped.");
  }
  await start.choose("redis");
  const server = children.watch(startRedisServer({ ...start, port: ports.redis, folder }));
  await waitUntilReady(server, redisLook(ports.redis), { signal: stopping });
}

async function startStore(start: Start): Promise<void> {
  await start.choose("store");
  const folder = storeFolderIn(start.data);
  start.parts.push(await startFileStore({ port: start.ports.store, folder, bucket: EMBEDDED_BUCKET }));
}

function storeFolderIn(data: string): string {
  return join(data, "store");
}

async function startApps(start: Start, credentials: Credentials): Promise<void> {
  const { environment, settings, data, embedded, ports, children, stopping } = start;
  const startApp = async (name: PartName, port: number, path: string): Promise<void> => {
    const redisUrl = settings.REDIS_URL ?? `redis://127.0.0.1:${ports.redis}`;
    const addresses = { redisUrl, stateFile: join(data, "sandbox/tasks.jsonl"), ports };
    const from = { outer: environment, embedded, addresses, credentials };
    const child = children.start(name, partEnvironment(name, from));
    await waitUntilReady(child, httpLook(`http://127.0.0.1:${port}${path}`), { signal: stopping });
  };
  if (embedded.sandbox) {
    await start.choose("sandbox", "file");
    await startApp("sandbox", ports.sandbox, "/");
  }
  await start.choose("api", "health", "board");
  await Promise.all([
    startApp("api", ports.api, "/readyz"),
    startApp("worker", ports.health, "/readyz"),
    startApp("board", ports.board, "/readyz"),
  ]);
}

function opening({ embedded, root, ...start }: Start): string[] {
  const [data, logs] = [start.data, start.logFolder].map((path) => relative(root, path));
  const parts = [
    embedded.redis ? "Redis" : undefined,
    embedded.store ? "a store of plain files" : undefined,
    embedded.sandbox ? "a sandbox in place of the provider" : undefined,
    "the API, a worker and the board",
  ].filter((part) => part !== undefined);
  const lines = [`Starting ${parts.join(", ")}. Data is kept in ${data}/, logs in ${logs}/<part>.log.`];
  if (embedded.sandbox) {
    lines.push(
      `The sandbox generates nothing and costs nothing. It is ${SPEED} times as fast as the provider, and so is the schedule of looking at it.`,
    );
    if (!embedded.redis) {
      lines.push("Note: orders that wait on the Redis of REDIS_URL will be made by the sandbox, too.");
    }
  } else {
    lines.push("The real provider is used: no sample is ordered, because that would cost money.");
  }
  return lines;
}
