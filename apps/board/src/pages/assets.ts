import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";

const PATH = "/assets/";
/** The name in a page changes with the content, so what was fetched once need not be asked for again. */
const CACHE = "private, max-age=31536000, immutable";

/** What browsers load beside the pages: files of ours, and the chart library as its package brings it. */
const FILES = {
  "board.css": { url: new URL("../../assets/board.css", import.meta.url), type: "text/css" },
  "icon.svg": { url: new URL("../../assets/icon.svg", import.meta.url), type: "image/svg+xml" },
  "overview.js": { url: new URL("../../assets/overview.js", import.meta.url), type: "text/javascript" },
  "uplot.js": {
    url: new URL(import.meta.resolve("uplot/dist/uPlot.iife.min.js")),
    type: "text/javascript",
  },
  "uplot.css": { url: new URL(import.meta.resolve("uplot/dist/uPlot.min.css")), type: "text/css" },
} as const;
export type AssetName = keyof typeof FILES;

const assets = new Map(
  Object.entries(FILES).map(([name, { url, type }]) => {
    const body = readFileSync(url);
    const version = createHash("sha256").update(body).digest("hex").slice(0, 12);
    return [name, { body, type, href: `${PATH}${name}?${version}` }];
  }),
);

/** Where a page finds a file. */
export function assetHref(name: AssetName): string {
  return assets.get(name)?.href ?? "";
}

export function addAssets(app: FastifyInstance): void {
  for (const [name, { body, type }] of assets) {
    app.get(`${PATH}${name}`, (_request, reply) =>
      reply.header("cache-control", CACHE).type(`${type}; charset=utf-8`).send(body),
    );
  }
}
