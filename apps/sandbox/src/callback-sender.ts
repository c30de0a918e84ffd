import { success } from "./answer.ts";
import type { Delivery } from "./delivery.ts";
import type { Journal } from "./journal.ts";
import type { ScaledTimers } from "./scaled-timers.ts";
import type { Settings } from "./settings.ts";
import type { StatusData, Task } from "./task.ts";

/** Posts callbacks, and posts them again on anything but exactly 200, as the provider does. */
export type CallbackSender = {
  /** Resolves after the first delivery was answered or given up; further ones go on by themselves. */
  send(task: Task, delivery: Delivery, settings: Settings): Promise<void>;
  /** Aborts what is under way. */
  stop(): void;
};

type Given = {
  timers: ScaledTimers;
  journal: Journal;
  /** The honest report at this moment. */
  report: (task: Task) => StatusData;
};

export function createCallbackSender({ timers, journal, report }: Given): CallbackSender {
  let stopping = new AbortController();

  async function post(task: Task, delivery: Delivery, settings: Settings): Promise<boolean> {
    const { body, url } = written(task, delivery, report);
    const outcome = await statusOf(url, body, timers.scaled(settings.callbackTimeoutMs), stopping.signal);
    // Nobody is told any more, and nothing is to follow.
    if (outcome === "stopped") return true;
    const { keyLabel: key, taskId } = task;
    journal.write({
      operation: "callback",
      key,
      taskId,
      outcome,
      faults: delivery.body === "report" ? [] : [delivery.body],
    });
    return outcome === 200;
  }

  async function repeat(task: Task, delivery: Delivery, settings: Settings): Promise<void> {
    for (const pauseMs of settings.callbackRetryMs) {
      if (!(await timers.wait(pauseMs))) return;
      if (await post(task, delivery, settings)) return;
    }
  }

  return {
    async send(task, delivery, settings) {
      if (!(await timers.wait(delivery.afterMs))) return;
      const delivered = await post(task, delivery, settings);
      if (!delivered && delivery.retried) void repeat(task, delivery, settings);
    },
    stop() {
      stopping.abort();
      stopping = new AbortController();
    },
  };
}

/** The receiver's HTTP status; `timeout`, `unreachable` or `stopped` where there was none. */
async function statusOf(
  url: string,
  body: string,
  timeoutMs: number,
  stopped: AbortSignal,
): Promise<number | string> {
  const timeout = AbortSignal.timeout(Math.max(1, Math.round(timeoutMs)));
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "sandbox-callback/1" },
      body,
      redirect: "manual",
      signal: AbortSignal.any([timeout, stopped]),
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    if (stopped.aborted) return "stopped";
    return timeout.aborted ? "timeout" : "unreachable";
  }
}

function written(
  task: Task,
  delivery: Delivery,
  report: (task: Task) => StatusData,
): { body: string; url: string } {
  const url = task.request.callbackUrl ?? "";
  return {
    body: bodyOf(task, delivery.body, report),
    url: delivery.to === "wrong-token" ? url.replace(/[^/?]+(?=$|\?)/, "0".repeat(32)) : url,
  };
}

function bodyOf(task: Task, body: Delivery["body"], report: (task: Task) => StatusData): string {
  const { taskId, createTime } = task;
  const forged = {
    taskId,
    state: "success",
    resultJson: JSON.stringify({ resultUrls: ["https://files.forged.example/not-yours.mp4"] }),
    createTime,
    completeTime: createTime + 1,
    costTime: 1,
  };
  switch (body) {
    case "report":
      return envelope(report(task));
    case "still-processing":
      return envelope({ taskId, state: "processing", createTime });
    case "forged":
      return envelope(forged);
    case "unknown-task":
      return envelope({ ...forged, taskId: `${taskId}unknown` });
    case "garbage":
      return "taskId=this is not JSON";
    case "oversized":
      return envelope({ ...forged, padding: "x".repeat(1_000_000) });
  }
}

function envelope(data: unknown): string {
  const { code, message } = success(data);
  return JSON.stringify({ code, message, data });
}
