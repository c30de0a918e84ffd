import type { FastifyReply } from "fastify";
import type { BoardUser } from "../login/board-user.ts";
import { assetHref, type AssetName } from "./assets.ts";
import { html, type Content, type Markup } from "./html.ts";

/** The pages of the navigation, in its order. */
const PLACES = [
  { path: "/overview", name: "Overview" },
  { path: "/videos", name: "Videos" },
  { path: "/unconfirmed", name: "Unconfirmed" },
  { path: "/queues", name: "Queues" },
  { path: "/audit", name: "Audit" },
] as const;
export type Place = (typeof PLACES)[number]["path"];

export type BoardPage = {
  httpStatus?: number;
  title: string;
  user: BoardUser | null;
  /** What the navigation shows as the place of this page. */
  place: Place;
  body: Content;
  scripts?: readonly AssetName[];
  styles?: readonly AssetName[];
  /** Where the player's file comes from, besides the board itself: an origin. */
  mediaOrigin?: string | null;
  /** What stands in the search box. */
  sought?: string;
};

/** A page with navigation and search. What it may load is said in its policy: files of this server, and the player's. */
export function sendBoardPage(reply: FastifyReply, page: BoardPage): FastifyReply {
  return reply
    .code(page.httpStatus ?? 200)
    .header("content-security-policy", policyFor(page))
    .type("text/html; charset=utf-8")
    .send(frame(page).text);
}

/** For routes that cannot say anything without Redis. */
export function sendRedisAway(reply: FastifyReply, page: Pick<BoardPage, "title" | "user" | "place">) {
  return sendBoardPage(reply, {
    ...page,
    httpStatus: 503,
    body: html`<h1>${page.title}</h1>
      <p class="problem" role="alert">Redis does not answer. Load the page again in a moment.</p>`,
  });
}

function policyFor({ mediaOrigin }: BoardPage): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    `media-src 'self'${mediaOrigin ? ` ${mediaOrigin}` : ""}`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}

function frame({ title, user, place, body, scripts = [], styles = [], sought = "" }: BoardPage): Markup {
  const stylesheets: readonly AssetName[] = [...styles, "board.css"];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="${assetHref("icon.svg")}" />
        <title>${title} · Rushes</title>
        ${stylesheets.map((name) => html`<link rel="stylesheet" href="${assetHref(name)}" />`)}
        ${scripts.map((name) => html`<script src="${assetHref(name)}" defer></script>`)}
      </head>
      <body>
        <header>
          <a class="brand" href="/overview">Rushes</a>
          <nav>
            ${PLACES.map(({ path, name }) => html`<a href="${path}" ${path === place ? html` aria-current="page"` : null}>${name}</a>`)}
          </nav>
          <form class="search" action="/find" role="search">
            <input
              type="search"
              name="q"
              value="${sought}"
              placeholder="Video, task or idempotency key"
              aria-label="Find a video"
              required
            />
          </form>
          <a class="user" href="/logout">${user ? html`${user.name} <small>${user.role}</small>` : null}</a>
        </header>
        <main>${body}</main>
      </body>
    </html>`;
}
