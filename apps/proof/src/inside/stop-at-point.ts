import { subscribe } from "node:diagnostics_channel";
import type { AnnouncedCall } from "@rushes/telemetry";
import { findPoint, type Point } from "../points/point-table.ts";
import { CALLS, type WriteStep } from "./write-steps.ts";

/** Long enough for the signal to have arrived; a frozen process finds the time over when it wakes. */
const ARRIVAL_MS = 50;

/** Strikes this very process the first time it comes to the point. */
export function stopAtPoint(name: string, signal: "SIGKILL" | "SIGSTOP", writeStep: WriteStep): void {
  const point = findPoint(name);
  let wasReached = false;

  function reach(videos: readonly string[] = []): void {
    if (wasReached) return;
    wasReached = true;
    writeStep({ part: "proof", call: name, moment: "point", videos });
    const struckAt = performance.now();
    process.kill(process.pid, signal);
    // The signal may arrive a moment later; nothing more may happen until it has.
    while (performance.now() - struckAt < ARRIVAL_MS);
  }

  START[point.reachedBy](point, reach);
}

/** How each kind of point is noticed. */
const START: Record<Point["reachedBy"], (point: Point, reach: () => void) => void> = {
  call(point, reach) {
    subscribe(CALLS, (message) => {
      if (point.isReached?.(message as AnnouncedCall)) reach();
    });
  },

  // The last question before the first byte is written; its answer is known, and yes.
  permission(_, reach) {
    subscribe(CALLS, (message) => {
      const { part, call, moment, args } = message as AnnouncedCall;
      if (part !== "provider" || call !== "generateTask" || moment !== "begins") return;
      const options = args[1] as { maySend: () => boolean };
      const { maySend } = options;
      options.maySend = () => {
        const may = maySend();
        if (may) reach();
        return may;
      };
    });
  },

  // undici says so when the whole request has been handed to the system.
  departure(_, reach) {
    subscribe("undici:request:bodySent", (message) => {
      const { request } = message as { request: { method: string; path: string } };
      if (request.method === "POST" && request.path.includes("/generateTask/")) reach();
    });
  },
};
