import { join, relative } from "node:path";
import type { End, Environment, Part } from "@rushes/lifecycle";
import type { Terminal } from "../terminal.ts";
import { apiAccess, boardLogin } from "./access.ts";
import { createChildren } from "./children.ts";
import { choosePorts } from "./chosen-ports.ts";
import { startFileStore } from "./file-store.ts";
import { makeBoardUser } from "./make-board-user.ts";
import { openMemory } from "./memory.ts";
import { EMBEDDED_BUCKET, partEnvironment, SPEED, type PartName } from "./part-environment.ts";
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
  const { environment, settings, root, data, terminal, parts, stopping, end } = options;
  const say = (line: string) => terminal.say(line);
  const logFolder = join(data, "logs");
  const memory = openMemory(join(data, "up.json"));
  const embedded = embeddedParts(settings);
  for (const line of opening(embedded, relative(root, data), relative(root, logFolder))) say(line);
  const appsFolder = options.appsFolder ?? join(root, "apps");
  const children = createChildren({ parts, appsFolder, root, logFolder, stopping, end, say });
  const redisFolder = join(data, "redis");
  if (embedded.redis && (await stopLeftoverRedis(memory.get().ports["redis"], redisFolder, stopping))) {
    say("The Redis of an earlier start was still running; it has been stopped.");
  }
  const ports = await choosePorts({ settings, embedded, memory, say });

  if (embedded.redis) {
    const server = startRedisServer({ port: ports.redis, folder: redisFolder, environment, root, logFolder });
    await waitUntilReady(children.watch(server), redisLook(ports.redis), { signal: stopping });
  }
  const storeFolder = join(data, "store");
  if (embedded.store) {
    parts.push(await startFileStore({ port: ports.store, folder: storeFolder, bucket: EMBEDDED_BUCKET }));
  }
  const access = apiAccess(settings.API_KEYS);
  const login = await boardLogin(settings.BOARD_USERS, memory, (name, password) =>
    makeBoardUser(join(appsFolder, "board/src/make-user.ts"), name, password),
  );
  const startApp = (name: PartName) =>
    children.start(
      name,
      partEnvironment(name, {
        outer: environment,
        embedded,
        addresses: {
          redisUrl: settings.REDIS_URL ?? `redis://127.0.0.1:${ports.redis}`,
          stateFile: join(data, "sandbox/tasks.jsonl"),
          ports,
        },
        credentials: { apiKeys: access.apiKeys, boardUsers: login.boardUsers },
      }),
    );
  const ready = (name: PartName, url: string) =>
    waitUntilReady(startApp(name), httpLook(url), { signal: stopping });
  if (embedded.sandbox) await ready("sandbox", `http://127.0.0.1:${ports.sandbox}/`);
  await Promise.all([
    ready("api", `http://127.0.0.1:${ports.api}/readyz`),
    ready("worker", `http://127.0.0.1:${ports.health}/readyz`),
    ready("board", `http://127.0.0.1:${ports.board}/readyz`),
  ]);
  const apiUrl = `http://127.0.0.1:${ports.api}`;
  const apiPages = API_PAGES.map((page) => `${apiUrl}${page}`);
  const places = placesToOpen({
    apiUrl,
    apiPage: await firstThatAnswers(apiPages, stopping),
    ports,
    embedded,
    boardLogin: login.words,
    needsKey: access.key !== undefined,
  });
  for (const line of places) say(line);
  if (!embedded.sandbox) return;
  // Not waited for: the start is done, and this goes on beside everything else.
  void showSample({
    once: options.once,
    api: { url: apiUrl, key: access.key },
    memory,
    terminal,
    signal: stopping,
    end,
    data,
    storeFolder: embedded.store ? storeFolder : undefined,
  });
}

function opening(embedded: Embedded, data: string, logs: string): string[] {
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
