import { subscribe } from "node:diagnostics_channel";
import type { AnnouncedCall } from "@rushes/telemetry";
import { POINTS, type Point } from "../points/point-table.ts";
import { readArms, removeArms } from "./arm.ts";
import { CALLS, type WriteStep } from "./write-steps.ts";

/** Long enough for the signal to have arrived; a frozen process finds the time over when it wakes. */
const ARRIVAL_MS = 50;

/** Strikes this very process when it comes to the point that the file names, and forgets about it. */
export function stopAtPoints(armsPath: string, writeStep: WriteStep): void {
  function reach(kind: Point["reachedBy"], isReached: (point: Point) => boolean): void {
    const arms = readArms(armsPath);
    if (!arms) return;
    const point = POINTS.find(({ name, reachedBy }) => name === arms.point && reachedBy === kind);
    if (!point || !isReached(point)) return;
    removeArms(armsPath);
    writeStep({ part: "proof", call: point.name, moment: "point" });
    const struckAt = performance.now();
    process.kill(process.pid, arms.signal);
    // The signal may arrive a moment later; nothing more may happen until it has.
    while (performance.now() - struckAt < ARRIVAL_MS);
  }

  subscribe(CALLS, (message) => {
    const told = message as AnnouncedCall;
    reach("call", (point) => point.isReached?.(told) === true);
    askBeforePost(told, () => reach("permission", () => true));
  });

  // undici says so when the whole request has been handed to the system.
  subscribe("undici:request:bodySent", (message) => {
    const { request } = message as { request: { method: string; path: string } };
    if (request.method === "POST" && request.path.includes("/generateTask/")) reach("departure", () => true);
  });
}

/** The last question before the first byte of a POST is written: `onYes` runs when it has been answered with yes. */
function askBeforePost({ part, call, moment, args }: AnnouncedCall, onYes: () => void): void {
  if (part !== "provider" || call !== "generateTask" || moment !== "begins") return;
  const options = args[1] as { maySend: () => boolean };
  const { maySend } = options;
  options.maySend = () => {
    const may = maySend();
    if (may) onYes();
    return may;
  };
}
