import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a page of this very server made the request. Browsers say so themselves: `Sec-Fetch-Site` on https and on
 * loopback, `Origin` everywhere on requests that change something. Saying nothing is not enough.
 *
 * @param host what the browser calls this server, port included
 */
export function isSameOrigin(headers: IncomingHttpHeaders, host: string): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  const { origin } = headers;
  if (origin === undefined) return site === "same-origin";
  // Only the host is compared: behind a proxy that ends TLS the two schemes differ.
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
