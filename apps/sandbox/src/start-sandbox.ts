import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import type { BillView } from "./bill.ts";
import type { JournalEntry } from "./journal.ts";
import type { SettingsView } from "./settings-desk.ts";
import { createApp } from "./create-app.ts";
import { createParts, resetParts } from "./create-parts.ts";
import { createResultHost } from "./result-host.ts";
import { taskViews, type TaskView } from "./routes/task-view.ts";
import { settingsPatchSchema, type SettingsPatch } from "./settings.ts";
import { openStateFile } from "./state-file.ts";
import { resumeTask } from "./task-life.ts";

/** Where the sandbox listens and what it starts with; every setting may be given too. */
export const sandboxOptionsSchema = settingsPatchSchema.extend({
  /** The API's port; 0 takes a free one. */
  port: z.int().min(0).max(65_535).default(0),
  /** The file host's port; 0 takes a free one. */
  filePort: z.int().min(0).max(65_535).default(0),
  host: z.string().default("127.0.0.1"),
  /** The file host's origin as clients reach it; unset: the host name they called the API by, with `filePort`. */
  fileOrigin: z.url().optional(),
  /** Unset or empty: every non-empty key is let in. */
  keys: z.array(z.string().min(1)).default([]),
  /** Unset: one by chance. */
  seed: z.string().min(1).optional(),
  /** Where accepted tasks are written down, so that they outlive the process; unset: nowhere. */
  stateFile: z.string().min(1).optional(),
});
export type SandboxOptions = z.input<typeof sandboxOptionsSchema>;

export type Sandbox = {
  /** The base URL of the API, ending in `/api/v1`. */
  url: string;
  /** The API's origin: control endpoints and page are here. */
  origin: string;
  /** The origin of the result files. */
  fileOrigin: string;
  seed: string;
  bill(): BillView;
  /** In the order of acceptance. */
  tasks(): TaskView[];
  /** The last requests and callbacks, oldest first. */
  journal(): JournalEntry[];
  settings(): SettingsView;
  /** Throws a ZodError for a patch that is not valid. */
  configure(patch: SettingsPatch): void;
  /** Forgets tasks, bill, journal and limits, and returns to the settings of the start. */
  reset(): void;
  /** Ends promptly: open sockets are dropped, nothing more is sent. */
  stop(): Promise<void>;
};

/** Starts the API and the file host. Throws a ZodError for options that are not valid. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port, filePort, host, fileOrigin, keys, seed, stateFile, ...settings } =
    sandboxOptionsSchema.parse(options);
  const file = openStateFile(stateFile ?? null);
  let usedFilePort = filePort;
  const filesAt = (name: string) => fileOrigin ?? `http://${name}:${usedFilePort}`;
  const parts = createParts({ settings, seed: seed ?? randomSeed(), keys, file, fileOrigin: filesAt });
  const reset = () => resetParts(parts);
  const app = createApp(parts, reset);
  const files = createResultHost(parts);

  async function stop(): Promise<void> {
    parts.timers.clear();
    parts.callbacks.stop();
    const closed = files.listening ? once(files, "close") : undefined;
    files.close();
    files.closeAllConnections();
    await Promise.all([app.close(), closed]);
    file.close();
  }

  const origin = await listen().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  for (const task of parts.tasks.all()) resumeTask(parts, task);

  async function listen(): Promise<string> {
    files.listen(filePort, host);
    await once(files, "listening");
    usedFilePort = (files.address() as AddressInfo).port;
    return app.listen({ port, host });
  }

  return {
    url: `${origin}/api/v1`,
    origin,
    fileOrigin: filesAt(new URL(origin).hostname),
    seed: parts.random.seed,
    bill: () => parts.bill.view(),
    tasks: () => taskViews(parts),
    journal: () => parts.journal.since(0),
    settings: () => parts.desk.view(),
    configure: (patch) => parts.desk.configure(patch),
    reset,
    stop,
  };
}

function randomSeed(): string {
  return String(Math.floor(Math.random() * 1e9));
}
