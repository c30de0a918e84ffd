import { gzipSync } from "node:zlib";
import { STATUS_MEANINGS } from "../answer.ts";
import type { FilePlan } from "../file-plan.ts";
import { padded } from "../sample-video.ts";
import type { FileFault } from "./fault.ts";
import { METADATA_URL } from "./result-faults.ts";

const loginPage = Buffer.from(
  "<!doctype html><title>Sign in</title><p>Please sign in to see this file.</p>\n",
);

export const FILE_FAULTS: readonly FileFault[] = [
  {
    at: "file",
    name: "result:cut",
    does: "The connection drops in the middle of the announced length.",
    change: (plan) => ({ ...plan, sentShare: 0.5 }),
  },
  {
    at: "file",
    name: "result:cut-unseen",
    does: "Half of the file, without Content-Length and ended in due form, so that it looks whole.",
    change: (plan) => ({ ...plan, length: "until-close", sentShare: 0.5, ranges: false }),
  },
  {
    at: "file",
    name: "result:slow",
    does: "The file trickles at this speed.",
    argument: { name: "bytesPerSecond", default: 1_000 },
    change: (plan, { number }) => ({ ...plan, bytesPerSecond: number }),
  },
  {
    at: "file",
    name: "result:stall",
    does: "Headers, half of the file, then nothing more on an open connection.",
    change: (plan) => ({ ...plan, sentShare: 0.5, instead: "stall" }),
  },
  {
    at: "file",
    name: "result:html",
    does: "An HTML page with 200 instead of the file.",
    change: (plan) => ({ ...plan, contentType: "text/html; charset=utf-8", body: loginPage, ranges: false }),
  },
  {
    at: "file",
    name: "result:disguised-html",
    does: "An HTML page with 200 and the type `video/mp4`.",
    change: (plan) => ({ ...plan, body: loginPage, ranges: false }),
  },
  {
    at: "file",
    name: "result:mistyped",
    does: "The right bytes under this content type.",
    argument: { name: "contentType", default: "application/octet-stream" },
    change: (plan, { text }) => ({ ...plan, contentType: text }),
  },
  {
    at: "file",
    name: "result:garbage",
    does: "The right length and type, but the bytes are no video.",
    change: (plan) => ({ ...plan, body: Buffer.alloc(plan.body.length, "no video ") }),
  },
  {
    at: "file",
    name: "result:nothing",
    does: "A 200 with no bytes.",
    change: (plan) => ({ ...plan, body: Buffer.alloc(0), ranges: false }),
  },
  {
    at: "file",
    name: "result:redirect",
    does: "This many redirects before the file.",
    argument: { name: "count", default: 1 },
    change: (plan, { number }) => (plan.hop < number ? redirected(plan, `?hop=${plan.hop + 1}`) : plan),
  },
  {
    at: "file",
    name: "result:redirect-private",
    does: "A redirect to a cloud's metadata address.",
    change: (plan) => redirected(plan, METADATA_URL),
  },
  {
    at: "file",
    name: "result:expired",
    does: "This status, as for an expired URL.",
    argument: { name: "status", default: 403 },
    change: (plan, { number }) => errorPage(plan, number),
  },
  {
    at: "file",
    name: "result:error",
    does: "This status, as for a file host in trouble.",
    argument: { name: "status", default: 503 },
    change: (plan, { number }) => errorPage(plan, number),
  },
  {
    at: "file",
    name: "result:reset",
    does: "The connection is reset.",
    change: (plan) => ({ ...plan, instead: "reset" }),
  },
  {
    at: "file",
    name: "result:hang",
    does: "No answer ever comes.",
    change: (plan) => ({ ...plan, instead: "hang" }),
  },
  {
    at: "file",
    name: "result:no-length",
    does: "The whole file without Content-Length, in chunks.",
    change: (plan) => ({ ...plan, length: "chunked", ranges: false }),
  },
  {
    at: "file",
    name: "result:until-close",
    does: "The whole file without Content-Length, ended by closing the connection.",
    change: (plan) => ({ ...plan, length: "until-close", ranges: false }),
  },
  {
    at: "file",
    name: "result:no-ranges",
    does: "`Range` is passed over: 200 and the whole file.",
    change: (plan) => ({ ...plan, ranges: false }),
  },
  {
    at: "file",
    name: "result:changing",
    does: "Every request meets another file with another ETag.",
    change: (plan) => ({
      ...plan,
      body: padded(plan.body, plan.body.length + 8 + plan.nth),
      etag: `"changed-${plan.nth}"`,
    }),
  },
  {
    at: "file",
    name: "result:gzip",
    does: "The file comes gzipped, asked for or not.",
    change: (plan) => ({
      ...plan,
      body: gzipSync(plan.body),
      headers: { ...plan.headers, "content-encoding": "gzip" },
      ranges: false,
    }),
  },
  {
    at: "file",
    name: "result:big",
    does: "A playable file padded to at least this many bytes.",
    argument: { name: "bytes", default: 20_000_000 },
    change: (plan, { number }) => ({ ...plan, body: padded(plan.body, number), etag: `"big-${number}"` }),
  },
];

function redirected(plan: FilePlan, location: string): FilePlan {
  return { ...plan, status: 302, headers: { location }, body: Buffer.alloc(0), ranges: false };
}

function errorPage(plan: FilePlan, status: number): FilePlan {
  const body = Buffer.from(
    `<html><body><h1>${status} ${STATUS_MEANINGS[status] ?? "Gone"}</h1></body></html>\n`,
  );
  return { ...plan, status, contentType: "text/html; charset=utf-8", body, ranges: false };
}
