import { Redis } from "ioredis";
import { runStandIn, type Answer } from "../../stand-in.ts";

// Keeps its videos in Redis, so that a second start finds them. Every look at a video takes it one phase further, to
// the end that STAND_IN_END names; `never` stays on the way.

const PHASES = ["queued", "submitting", "generating", "archiving"];

const redis = new Redis(process.env["REDIS_URL"] ?? "");
const end = process.env["STAND_IN_END"] ?? "completed";

runStandIn("api", process.env["PORT"], async (request) => {
  const { method, url = "" } = request;
  if (method === "POST" && url === "/v1/videos") return order(String(request.headers["idempotency-key"]));
  if (!url.startsWith("/v1/videos/")) return { status: url === "/openapi.json" ? 200 : 404 };
  return look(url.replace("/v1/videos/", ""));
});

async function order(key: string): Promise<Answer> {
  const orders = await redis.incr("orders");
  await redis.setnx(`key:${key}`, `vid_${orders}`);
  return { status: 202, body: await video(String(await redis.get(`key:${key}`)), 0) };
}

async function look(id: string): Promise<Answer> {
  return { status: 200, body: await video(id, await redis.incr(`looks:${id}`)) };
}

async function video(id: string, looks: number): Promise<object> {
  const phase = PHASES[looks] ?? (end === "never" ? "archiving" : end);
  if (phase !== "completed") {
    const error = phase === "failed" ? { code: "content_refused", message: "Refused as told." } : null;
    return { id, phase, output: [], error };
  }
  const object = { bucket: String(process.env["ARCHIVE_BUCKET"]), key: `videos/${id}.mp4`, bytes: 5 };
  const url = `${process.env["AWS_ENDPOINT_URL_S3"]}/${object.bucket}/${object.key}`;
  await fetch(url, { method: "PUT", body: "video" });
  return { id, phase, output: [{ ...object, url }], error: null };
}
