import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "@rushes/telemetry";
import type { BoardUser } from "./board-user.ts";
import { isSameOrigin } from "./same-origin.ts";
import { readSessionCookie } from "./session-cookie.ts";
import type { Sessions } from "./sessions.ts";
import type { UserBook } from "./user-book.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who is logged in; null on open routes for those who are not. */
    user: BoardUser | null;
  }
  interface FastifyContextConfig {
    /** Needs no login. Everything else does, unknown paths included. */
    isOpen?: boolean;
    /** A viewer may use it although it is no GET. */
    isForEveryRole?: boolean;
  }
}

/**
 * Stands before every route of the app, added later or not found at all:
 *
 * 1. what changes something must come from a page of ours;
 * 2. without a login only open routes answer;
 * 3. what changes something needs an admin.
 */
export function addGuard(app: FastifyInstance, users: UserBook, sessions: Sessions, logger: Logger): void {
  app.decorateRequest("user", null);

  app.addHook("onRequest", async (request, reply) => {
    const { isOpen = false, isForEveryRole = false } = request.routeOptions.config;
    const token = readSessionCookie(request);
    const userName = token === null ? null : sessions.read(token);
    request.user = userName === null ? null : users.find(userName);

    if (changesSomething(request) && !isSameOrigin(request.headers, request.host)) {
      return refuse(reply, 403, "ERRORS.FORBIDDEN", "This request did not come from a page of the board.");
    }
    if (isOpen) return;
    if (!request.user) return askForLogin(request, reply);
    if (changesSomething(request) && request.user.role !== "admin" && !isForEveryRole) {
      return refuse(reply, 403, "ERRORS.FORBIDDEN", "A viewer may look, but not change anything.");
    }
  });

  app.addHook("onResponse", async (request, reply) => {
    if (!changesSomething(request) || !request.user) return;
    const { name: user, role } = request.user;
    const { method, url: path } = request;
    logger.info({ user, role, method, path, status: reply.statusCode }, "a change was asked for");
  });
}

function changesSomething({ method }: FastifyRequest): boolean {
  return method !== "GET" && method !== "HEAD";
}

/** A browser that opens a page is shown the login; a script gets an answer it can read. */
function askForLogin(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isPage = !changesSomething(request) && request.headers.accept?.includes("text/html") === true;
  if (!isPage) return refuse(reply, 401, "ERRORS.FORBIDDEN", "Log in first, at /login.");
  const next = request.url === "/" ? "" : `?next=${encodeURIComponent(request.url)}`;
  return reply.redirect(`/login${next}`, 303);
}

/** In the shape of Bull Board's own errors, so that its pages can show it. */
function refuse(reply: FastifyReply, httpStatus: number, key: string, message: string): FastifyReply {
  return reply.code(httpStatus).send({ error: { key }, message });
}
