import type { SeenWorker } from "@rushes/ledger";
import { STAGES } from "@rushes/pipeline";

/** What workers do; a deployment needs each of them. */
export const WORKER_ROLES = [...STAGES, "sweep"] as const;

/** Workers sign every ten seconds: who has missed three is missing. */
const MISSING_AFTER_MS = 35_000;

export type RoleRow = {
  role: string;
  alive: SeenWorker[];
  /** Silent for too long, and not ended in order: their places. */
  missing: SeenWorker[];
};

export function rolesOf(workers: readonly SeenWorker[]): RoleRow[] {
  return WORKER_ROLES.map((role) => {
    const own = workers.filter(({ roles }) => roles.includes(role));
    return {
      role,
      alive: own.filter(({ silentMs }) => silentMs <= MISSING_AFTER_MS),
      missing: own.filter(({ silentMs }) => silentMs > MISSING_AFTER_MS),
    };
  });
}

export function missingRoles(workers: readonly SeenWorker[]): string[] {
  return rolesOf(workers)
    .filter(({ alive }) => alive.length === 0)
    .map(({ role }) => role);
}
