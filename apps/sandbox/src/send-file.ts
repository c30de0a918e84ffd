import type { IncomingMessage, ServerResponse } from "node:http";
import { parseRange, type ByteRange } from "./byte-range.ts";
import type { FilePlan } from "./file-plan.ts";

/** A slow file is sent in steps of this time, or longer where one byte takes longer. */
const STEP_MS = 50;
/** The longest delay `setTimeout` takes. */
const LONGEST_STEP_MS = 2 ** 31 - 1;

/** Carries out a plan. Returns the HTTP status, or what happened instead of an answer. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  plan: FilePlan,
  speed: number,
): number | string {
  if (plan.instead === "hang") return "hang";
  if (plan.instead === "reset") {
    request.socket.resetAndDestroy();
    return "reset";
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
    return 405;
  }

  const range = rangeOf(request, plan);
  if (range === "unsatisfiable") {
    response.writeHead(416, { "content-range": `bytes */${plan.body.length}` }).end();
    return 416;
  }
  const body = range === undefined ? plan.body : plan.body.subarray(range.from, range.to);
  const status = range === undefined ? plan.status : 206;
  writeHead(response, plan, status, body, range);
  if (request.method === "HEAD") response.end();
  else void sendBody(response, plan, body, speed);
  return status;
}

function rangeOf(request: IncomingMessage, plan: FilePlan): ByteRange | "unsatisfiable" | undefined {
  const condition = request.headers["if-range"];
  if (!plan.ranges || (condition !== undefined && condition !== plan.etag)) return undefined;
  return parseRange(request.headers.range, plan.body.length);
}

function writeHead(
  response: ServerResponse,
  plan: FilePlan,
  status: number,
  body: Buffer,
  range: ByteRange | undefined,
): void {
  response.setHeader("content-type", plan.contentType);
  if (plan.status === 200) response.setHeader("etag", plan.etag);
  if (plan.ranges) response.setHeader("accept-ranges", "bytes");
  if (range !== undefined) {
    response.setHeader("content-range", `bytes ${range.from}-${range.to - 1}/${plan.body.length}`);
  }
  for (const [name, value] of Object.entries(plan.headers)) response.setHeader(name, value);
  if (plan.length === "announced") response.setHeader("content-length", body.length);
  if (plan.length === "until-close") {
    // Without chunks and without a length, only the end of the connection ends the body.
    response.setHeader("connection", "close");
    response.removeHeader("transfer-encoding");
  }
  response.writeHead(status);
  response.flushHeaders();
}

async function sendBody(
  response: ServerResponse,
  plan: FilePlan,
  body: Buffer,
  speed: number,
): Promise<void> {
  const sent = body.subarray(0, Math.floor(body.length * plan.sentShare));
  const bytesPerMs = plan.bytesPerSecond === null ? Infinity : (plan.bytesPerSecond * speed) / 1000;
  const stepMs = Math.min(Math.max(STEP_MS, 1 / bytesPerMs), LONGEST_STEP_MS);
  const stepBytes = Math.max(1, Math.round(bytesPerMs * stepMs));
  for (let from = 0; from < sent.length && !response.destroyed; from += stepBytes) {
    const isLast = from + stepBytes >= sent.length;
    await written(response, sent.subarray(from, from + stepBytes));
    if (!isLast) await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
  if (plan.instead === "stall") return;
  if (plan.sentShare < 1 && plan.length !== "until-close") response.destroy();
  else response.end();
}

/** Resolves once the bytes were handed to the socket, or never will be. */
function written(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => response.write(bytes, () => resolve()));
}
