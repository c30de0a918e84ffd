import { gatewayPage, type EnvelopeAnswer } from "../answer.ts";
import type { EnvelopeFault } from "./fault.ts";

const json = "application/json; charset=utf-8";
const isError = (envelope: EnvelopeAnswer): boolean => envelope.code !== 200;

export const ENVELOPE_FAULTS: readonly EnvelopeFault[] = [
  {
    at: "envelope",
    name: "envelope:http-200",
    does: "Errors come with HTTP 200; only `code` tells.",
    shape: (envelope) => ({ ...envelope, status: 200 }),
  },
  {
    at: "envelope",
    name: "envelope:no-data",
    does: "Errors come without `data`.",
    shape: (envelope) => (isError(envelope) ? { ...envelope, data: undefined } : envelope),
  },
  {
    at: "envelope",
    name: "envelope:data-error",
    does: "Errors carry their text in `data.error` as well.",
    shape: (envelope) => (isError(envelope) ? { ...envelope, data: { error: envelope.message } } : envelope),
  },
  {
    at: "envelope",
    name: "envelope:msg",
    does: "The text is in `msg` instead of `message`.",
    shape: ({ status, code, message, data, headers }) => ({
      kind: "body",
      status,
      contentType: json,
      body: JSON.stringify({ code, msg: message, data }),
      ...(headers === undefined ? {} : { headers }),
    }),
  },
  {
    at: "envelope",
    name: "envelope:string-code",
    does: "`code` is a string.",
    shape: ({ status, code, message, data, headers }) => ({
      kind: "body",
      status,
      contentType: json,
      body: JSON.stringify({ code: String(code), message, data }),
      ...(headers === undefined ? {} : { headers }),
    }),
  },
  {
    at: "envelope",
    name: "envelope:html",
    does: "Errors come as an HTML page with the same status.",
    shape: (envelope) => (isError(envelope) ? gatewayPage(envelope.status) : envelope),
  },
  {
    at: "envelope",
    name: "envelope:empty",
    does: "Errors come with an empty body.",
    shape: (envelope) =>
      isError(envelope) ? { kind: "body", status: envelope.status, contentType: json, body: "" } : envelope,
  },
];
