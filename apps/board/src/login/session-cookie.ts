import type { FastifyReply, FastifyRequest } from "fastify";

const NAME = "rushes_board";

/** The session's token as the browser sent it. */
export function readSessionCookie(request: FastifyRequest): string | null {
  for (const pair of request.headers.cookie?.split(";") ?? []) {
    const cut = pair.indexOf("=");
    if (pair.slice(0, cut).trim() === NAME) return pair.slice(cut + 1).trim();
  }
  return null;
}

/** Scripts cannot read it, other sites cannot use it, and over TLS it does not travel without. */
export function setSessionCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  token: string,
  lifeMs: number,
): void {
  const secure = request.protocol === "https" ? "; Secure" : "";
  void reply.header(
    "set-cookie",
    `${NAME}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${Math.floor(lifeMs / 1000)}${secure}`,
  );
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  setSessionCookie(request, reply, "", 0);
}
