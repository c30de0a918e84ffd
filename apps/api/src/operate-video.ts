import type { FastifyRequest } from "fastify";
import type { Ledger } from "@rushes/ledger";
import { presentVideo, type Standing, type Video } from "@rushes/pipeline";
import { HttpProblem } from "./http-problem.ts";
import { verbRefusal } from "./verb-refusal.ts";

/** The answers that each operator verb shares; its route adds its own. */
export const VERB_PROBLEMS = ["admin_only", "video_not_found", "stale", "invalid_body"] as const;

/**
 * Does what an operator asks of a video and answers the video as it is then.
 *
 * @param done the script's word for having done it
 * @throws HttpProblem `video_not_found`, or why it was refused
 */
export async function operateVideo(
  request: FastifyRequest<{ Params: { id: string } }>,
  ledger: Pick<Ledger, "read">,
  verb: Parameters<typeof verbRefusal>[0],
  done: string,
  act: (videoId: string) => Promise<Standing | null>,
): Promise<Video> {
  const { id } = request.params;
  request.videoId = id;
  const standing = await act(id);
  const reading = await ledger.read(id);
  if (standing === null || reading === null || standing.result === "no_record") {
    throw new HttpProblem("video_not_found");
  }
  if (standing.result !== done) throw verbRefusal(verb, standing, reading);
  return presentVideo(reading.record, reading.order, reading.nowMs);
}
