import { isIPv4 } from "node:net";
import type { z } from "zod";
import { setting } from "./setting.ts";

/**
 * An `http` or `https` address to append paths to: without user name, query and fragment. Answers it without a
 * slash at the end.
 */
export function httpUrl(defaultUrl?: string): z.ZodType<string> {
  return setting(
    "must be an http:// or https:// address without user name, query or fragment",
    (text) => webAddress(text, () => true),
    defaultUrl,
  );
}

/** As `httpUrl`, for an address others reach us by: `https`, or `http` on this very machine. */
export function publicUrl(): z.ZodType<string> {
  return setting(
    "must be an https:// address (http:// only on a loopback host) without user name, query or fragment",
    (text) => webAddress(text, (url) => url.protocol === "https:" || isLoopbackHost(url.hostname)),
  );
}

function webAddress(text: string, isAllowed: (url: URL) => boolean): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isWeb = url.protocol === "http:" || url.protocol === "https:";
  const isBare = url.username === "" && url.password === "" && !/[?#]/.test(text);
  return isWeb && isBare && isAllowed(url) ? url.href.replace(/\/+$/, "") : undefined;
}

/** Whether a host name or address, as `HOST` or `URL.hostname` spell it, can be reached from this machine only. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "::1" ||
    name === "[::1]" ||
    (isIPv4(name) && name.startsWith("127."))
  );
}
