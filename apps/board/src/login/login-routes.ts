import type { FastifyInstance, FastifyReply } from "fastify";
import type { Logger } from "@rushes/telemetry";
import type { LoginBrake } from "./login-brake.ts";
import { sendLoginPage, sendLogoutPage } from "./login-page.ts";
import { placeAfterLogin } from "./place-after-login.ts";
import { clearSessionCookie, readSessionCookie, setSessionCookie } from "./session-cookie.ts";
import type { Sessions } from "./sessions.ts";
import type { UserBook } from "./user-book.ts";

/** A form with a name, a password and a path; anything larger is not from our page. */
const MOST_FORM_BYTES = 4 * 1024;

export type LoginParts = {
  users: UserBook;
  sessions: Sessions;
  sessionMs: number;
  brake: LoginBrake;
  logger: Logger;
};

/** `/login` and `/logout`. Names that nobody has are not logged: now and then one is a password. */
export function addLoginRoutes(app: FastifyInstance, parts: LoginParts): void {
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: MOST_FORM_BYTES },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );

  app.get<{ Querystring: { next?: unknown } }>("/login", { config: { isOpen: true } }, (request, reply) => {
    const { next } = request.query;
    const place = placeAfterLogin(typeof next === "string" ? next : undefined);
    if (request.user) return reply.redirect(place, 303);
    return sendLoginPage(reply, { httpStatus: 200, next: place });
  });

  app.post("/login", { config: { isOpen: true } }, async (request, reply) => {
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const next = placeAfterLogin(form.get("next") ?? undefined);
    const waitMs = parts.brake.tryIn(request.ip);
    if (waitMs > 0) return sendWait(reply, next, waitMs);

    const user = await parts.users.check(form.get("name") ?? "", form.get("password") ?? "");
    if (!user) {
      parts.logger.warn({ address: request.ip }, "a login failed");
      return sendLoginPage(reply, { httpStatus: 401, next, problem: "This name and password do not match." });
    }
    parts.brake.release(request.ip);
    parts.logger.info({ user: user.name, role: user.role, address: request.ip }, "logged in");
    setSessionCookie(request, reply, parts.sessions.begin(user.name), parts.sessionMs);
    return reply.redirect(next, 303);
  });

  app.get("/logout", (request, reply) =>
    request.user ? sendLogoutPage(reply, request.user) : reply.redirect("/login", 303),
  );

  app.post("/logout", { config: { isForEveryRole: true } }, (request, reply) => {
    const token = readSessionCookie(request);
    if (token) parts.sessions.end(token);
    clearSessionCookie(request, reply);
    parts.logger.info({ user: request.user?.name }, "logged out");
    return reply.redirect("/login", 303);
  });
}

function sendWait(reply: FastifyReply, next: string, waitMs: number): FastifyReply {
  const seconds = Math.ceil(waitMs / 1000);
  void reply.header("retry-after", String(seconds));
  const wait = seconds === 1 ? "1 second" : `${seconds} seconds`;
  return sendLoginPage(reply, {
    httpStatus: 429,
    next,
    problem: `Too many tries from your address. Try again in ${wait}.`,
  });
}
