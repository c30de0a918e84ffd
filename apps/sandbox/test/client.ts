import { vi } from "vitest";
import type { Sandbox } from "../src/index.ts";

/** A plain client of the provider's API, so that tests see what goes over the wire. */
export type Client = {
  submit(change?: Record<string, unknown>, envelope?: Record<string, unknown>): Promise<Answered>;
  /** Submits and insists on a task id. */
  order(change?: Record<string, unknown>, envelope?: Record<string, unknown>): Promise<string>;
  status(taskId: string): Promise<Answered>;
  balance(): Promise<unknown>;
  /** Polls until the task has ended, and returns the status data. */
  ended(taskId: string): Promise<StatusData>;
};

export type Answered = { status: number; headers: Headers; text: string; json: Envelope };
export type Envelope = { code: unknown; message: string; msg?: string; data: Record<string, unknown> | null };
export type StatusData = {
  taskId: string;
  state: string;
  resultJson: string;
  failCode: string;
  failMsg: string;
  createTime: number;
  completeTime: number;
  costTime: number;
};

/** The documented minimum for text-to-video. */
export const TEXT_INPUT = { mode: "master-text-to-video", prompt: "a drone over neon streets", duration: 5 };

export function createClient(sandbox: Sandbox, key = "a-key"): Client {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };

  async function call(path: string, body?: unknown): Promise<Answered> {
    const response = await fetch(`${sandbox.url}${path}`, {
      headers,
      redirect: "manual",
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  }

  const client: Client = {
    submit: (change = {}, envelope = {}) =>
      call("/generateTask/kling-2-1", { ...envelope, input: { ...TEXT_INPUT, ...change } }),
    async order(change, envelope) {
      const { text, json } = await client.submit(change, envelope);
      const taskId = json.data?.["taskId"];
      if (typeof taskId !== "string") throw new Error(`the submit was not accepted: ${text}`);
      return taskId;
    },
    status: (taskId) => call(`/statusTask/kling-2-1?taskId=${encodeURIComponent(taskId)}`),
    balance: async () => (await call("/apikeys/current-balance")).json.data,
    ended: (taskId) =>
      until(async () => {
        const { data } = (await client.status(taskId)).json;
        return data !== null && data["completeTime"] !== undefined ? (data as StatusData) : undefined;
      }),
  };
  return client;
}

/** The first URL of a finished task. */
export async function fileUrl(client: Client, taskId: string): Promise<string> {
  const { resultJson } = await client.ended(taskId);
  const { resultUrls } = JSON.parse(resultJson) as { resultUrls: string[] };
  return resultUrls[0] ?? "";
}

/** The nth of a list, from 0; throws where there is none, so that a test says so. */
export function item<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no number ${index} among ${list.length}`);
  return found;
}

/** Waits for something to become true; fails after ten seconds. */
export async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  return (await vi.waitUntil(look, { interval: 5, timeout: 10_000 })) as T;
}

function parsed(text: string): Envelope {
  try {
    return JSON.parse(text) as Envelope;
  } catch {
    return { code: null, message: "not JSON", data: null };
  }
}
