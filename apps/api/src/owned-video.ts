import type { FastifyRequest } from "fastify";
import type { Ledger } from "@rushes/ledger";
import type { Reading } from "@rushes/pipeline";
import { HttpProblem } from "./http-problem.ts";
import { callerOf } from "./identify-caller.ts";

/**
 * The video a request is about, if its caller may see it: their own, or any for an admin.
 *
 * @throws HttpProblem `video_not_found`, the same for a video that is another's as for one that does not exist
 */
export async function readOwnedVideo(
  request: FastifyRequest,
  ledger: Pick<Ledger, "read">,
  videoId: string,
): Promise<Reading> {
  request.videoId = videoId;
  const reading = await ledger.read(videoId);
  const caller = callerOf(request);
  if (reading === null || (!caller.isAdmin && reading.record.owner !== caller.name)) {
    throw new HttpProblem("video_not_found");
  }
  return reading;
}
