import type { FastifyRequest } from "fastify";
import { HttpProblem } from "./http-problem.ts";
import { callerOf } from "./identify-caller.ts";

/**
 * For the `onRequest` of routes that only operators may use: before a body is read and before it shows whether there is
 * such a video.
 *
 * @throws HttpProblem `admin_only`
 */
export async function requireAdmin(request: FastifyRequest): Promise<void> {
  if (!callerOf(request).isAdmin) throw new HttpProblem("admin_only");
}
