import type { Ports } from "./chosen-ports.ts";
import type { Api } from "./sample-order.ts";
import type { Embedded } from "./settings.ts";

/** Pages of the API about itself, the best first. Which of them it has is its business. */
export const API_PAGES = ["/docs", "/openapi.json", "/v1/videos"] as const;

/** Where a person can look now, and how to order something. */
export function placesToOpen(at: {
  api: Api;
  /** One of `API_PAGES`, with the address before it. */
  apiPage: string;
  ports: Ports;
  embedded: Embedded;
  boardLogin: string;
  /** What signs webhooks. */
  signedWith: string;
}): string[] {
  const { api, apiPage, ports, embedded, boardLogin, signedWith } = at;
  const price = embedded.sandbox ? "" : " (costs $1.00)";
  return [
    "Everything is ready:",
    `  API      ${apiPage}`,
    `  Board    http://127.0.0.1:${ports.board}/ (${boardLogin})`,
    ...(embedded.sandbox ? [`  Sandbox  http://127.0.0.1:${ports.sandbox}/ (tasks, and the bill)`] : []),
    `Order a video yourself${price}:`,
    `  curl ${api.url}/v1/videos -H 'content-type: application/json' -H 'idempotency-key: my-first-order' \\`,
    ...(api.key !== undefined ? ["    -H 'authorization: Bearer <your key>' \\"] : []),
    `    -d '{"input":{"mode":"master-text-to-video","prompt":"A lighthouse at dusk","duration":5,"aspect_ratio":"16:9"}}'`,
    `With "webhook_url" in the order you are told how it ended; webhooks are signed with ${signedWith}`,
    "Ctrl-C stops everything; the next start goes on where this one stopped.",
  ];
}
