import type { FastifyReply } from "fastify";
import { escapeHtml, sendPage } from "./page-frame.ts";

export type LoginPage = {
  httpStatus: number;
  /** Where to go afterwards, a path of ours. */
  next: string;
  problem?: string;
};

export function sendLoginPage(reply: FastifyReply, { httpStatus, next, problem }: LoginPage): FastifyReply {
  const lead = problem
    ? `<p class="problem" role="alert">${escapeHtml(problem)}</p>`
    : "<p>Log in to see the queues.</p>";
  return sendPage(
    reply,
    httpStatus,
    "Rushes: log in",
    `<h1>Rushes</h1>
${lead}
<form method="post" action="/login">
<input type="hidden" name="next" value="${escapeHtml(next)}">
<label>Name <input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button type="submit">Log in</button>
</form>`,
  );
}

export function sendLogoutPage(reply: FastifyReply, user: { name: string; role: string }): FastifyReply {
  return sendPage(
    reply,
    200,
    "Rushes: log out",
    `<h1>Rushes</h1>
<p>You are logged in as ${escapeHtml(user.name)} (${escapeHtml(user.role)}).</p>
<form method="post" action="/logout"><button type="submit">Log out</button></form>
<p class="after"><a href="/">Back to the queues</a></p>`,
  );
}
