import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { parseMarkers } from "./faults/fault-spec.ts";
import type { FilePlan } from "./file-plan.ts";
import type { Parts } from "./parts.ts";
import { parseResultPath } from "./result-urls.ts";
import { videoBytes, videoSha256, type VideoChoice } from "./sample-video.ts";
import { sendFile } from "./send-file.ts";
import { stateOf, type Task } from "./task.ts";

/** The host of the finished files: another origin than the API's, without any authorisation, as with the provider. */
export function createResultHost(parts: Parts): Server {
  const requests = new Map<string, number>();
  return createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://files.invalid");
    const path = parseResultPath(url.pathname);
    const task = path === undefined ? undefined : parts.tasks.find(path.taskId);
    if (path === undefined || task === undefined || stateOf(task, parts.now()) !== "success") {
      note(parts, request, null, 404, []);
      refuse(response, 404);
      return;
    }

    const settings = parts.desk.of(task.keyLabel);
    if (!parts.resultUrls.isAlive(task, path.number, settings)) {
      note(parts, request, task, settings.expiredStatus, []);
      refuse(response, settings.expiredStatus);
      return;
    }

    const nth = (requests.get(task.taskId) ?? 0) + 1;
    requests.set(task.taskId, nth);
    const markers = parseMarkers(task.request.prompt);
    const [struck] = parts.draw.strike("file", {
      markers: typeof markers === "string" ? [] : markers,
      probabilities: settings.faults,
      scope: task.taskId,
      lot: `task ${task.ordinal}`,
    });
    const honest = honestPlan(task, path.part, Number(url.searchParams.get("hop") ?? 0), nth);
    const plan = struck === undefined ? honest : struck.fault.change(honest, struck.given);
    const status = sendFile(request, response, plan, parts.desk.speed());
    note(parts, request, task, status, struck === undefined ? [] : [struck.specification]);
  });
}

/** Which file belongs to a task; `part` tells several apart. */
export function videoOf({ taskId, request }: Task, part = "0"): VideoChoice {
  return { shape: request.shape, duration: request.duration, tag: `${taskId} ${part}` };
}

function honestPlan(task: Task, part: string, hop: number, nth: number): FilePlan {
  const video = videoOf(task, part);
  return {
    status: 200,
    contentType: "video/mp4",
    headers: {},
    body: videoBytes(video),
    etag: `"${videoSha256(video).slice(0, 32)}"`,
    ranges: true,
    length: "announced",
    sentShare: 1,
    bytesPerSecond: null,
    instead: null,
    hop,
    nth,
  };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "text/plain" }).end(`${status}\n`);
}

function note(
  { journal }: Parts,
  request: IncomingMessage,
  task: Task | null,
  outcome: number | string,
  faults: readonly string[],
): void {
  const authorization = request.headers.authorization !== undefined;
  journal.write({
    operation: "file",
    key: task?.keyLabel ?? null,
    taskId: task?.taskId ?? null,
    outcome,
    faults,
    userAgent: request.headers["user-agent"] ?? null,
    authorization,
    headerNames: Object.keys(request.headers).toSorted(),
  });
}
