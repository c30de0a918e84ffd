import type { FastifyRequest } from "fastify";
import { ANYONE, type Caller, type CallerKey } from "./caller.ts";
import { findCaller } from "./find-caller.ts";
import { HttpProblem } from "./http-problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Null on routes that need no key, and before the key was checked. */
    caller: Caller | null;
  }
}

/**
 * Makes the check of a request's key. Without keys everybody is admin (which is why the address must be loopback then),
 * and a key that is sent anyway is not looked at.
 */
export function callerIdentifier(keys: readonly CallerKey[]): (request: FastifyRequest) => void {
  if (keys.length === 0) {
    return (request) => {
      request.caller = ANYONE;
    };
  }
  return (request) => {
    const { authorization } = request.headers;
    request.caller = findCaller(authorization, keys);
    if (request.caller !== null) return;
    throw new HttpProblem("unauthorized", {
      detail:
        authorization === undefined
          ? "There is no Authorization header."
          : "The Authorization header carries no key that is known.",
      headers: { "www-authenticate": "Bearer" },
    });
  };
}

/** The caller of a route that needs a key. */
export function callerOf({ caller }: FastifyRequest): Caller {
  if (caller === null) throw new Error("a route was reached without its caller being identified");
  return caller;
}
