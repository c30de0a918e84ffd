import { createHash } from "node:crypto";
import { startTestS3, type TestS3 } from "@rushes/test-rig";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ApiFile, ApiVideo } from "../src/operate/api-video.ts";
import type { OperatorApi } from "../src/operate/operator-api.ts";
import { verifyFiles } from "../src/verify/verify-files.ts";

let s3: TestS3;
beforeAll(async () => {
  s3 = await startTestS3();
});
afterAll(() => s3.stop());

async function aFile(key: string): Promise<ApiFile> {
  const bytes = Buffer.from(`content of ${key}`);
  await s3.putObject(key, bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const url = `s3://${s3.bucket}/${key}`;
  return { url, bucket: s3.bucket, key, bytes: bytes.length, sha256, content_type: "video/mp4" };
}

/** Only what is read of a video. */
const aVideo = (id: string, output: ApiFile[], phase = "completed"): ApiVideo =>
  ({ id, phase, output, manifest: null }) as unknown as ApiVideo;

async function verify(
  videos: readonly ApiVideo[],
  which: readonly string[] | "all",
  environment: Record<string, string> = {},
) {
  const said: string[] = [];
  const bars: string[] = [];
  const api = {
    fetchVideo: (id: string) => Promise.resolve(videos.find((video) => video.id === id)),
    async *listCompleted() {
      yield* videos;
    },
  } as unknown as OperatorApi;
  const exitCode = await verifyFiles(
    { api },
    {
      environment: {
        AWS_ENDPOINT_URL_S3: s3.endpoint,
        S3_FORCE_PATH_STYLE: "true",
        AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
        ...environment,
      },
      terminal: {
        say: (line) => void said.push(line),
        progress: (line) => void bars.push(line),
        endProgress: () => {},
      },
    },
    which,
  );
  return { exitCode, said, bars };
}

test("every file is read, more than fit at once, and the bar ends full", async () => {
  const videos = await Promise.all(
    Array.from({ length: 30 }, async (_, n) => aVideo(`vid_${n}`, [await aFile(`whole/${n}.mp4`)])),
  );
  const { exitCode, said, bars } = await verify(videos, "all");
  expect([exitCode, said]).toEqual([0, ["30 files are as recorded."]]);
  expect(bars.at(-1)).toContain(`${"█".repeat(24)} 30 of 30 files`);
});

test("one line for each file that is lost, damaged, or cut; those that were not named are passed over", async () => {
  const files = await Promise.all(["lost", "damaged", "cut", "whole", "unnamed"].map(aFile));
  const videos = files.map((file) => aVideo(`vid_${file.key}`, [file]));
  await s3.deleteObject("lost");
  await s3.deleteObject("unnamed");
  await s3.putObject("damaged", Buffer.from("content of damagee"));
  await s3.putObject("cut", Buffer.from("content"));
  const { exitCode, said } = await verify(
    videos,
    videos.slice(0, 4).map(({ id }) => id),
  );
  expect(exitCode).toBe(1);
  expect(said.slice(0, -2).toSorted()).toEqual([
    `vid_cut  different  s3://${s3.bucket}/cut`,
    `vid_damaged  different  s3://${s3.bucket}/damaged`,
    `vid_lost  missing    s3://${s3.bucket}/lost`,
  ]);
  expect(said.at(-2)).toBe("1 file is as recorded, 1 missing, 2 different.");
});

test("what cannot be looked at is no success: another bucket, no bucket, a video without a file", async () => {
  const file = await aFile("somewhere");
  const elsewhere = await verify([aVideo("vid_a", [{ ...file, bucket: "elsewhere" }])], ["vid_a"]);
  expect(elsewhere.exitCode).toBe(1);
  expect(elsewhere.said[0]).toMatch(/^vid_a {2}unknown .*NoSuchBucket/);
  const away = await verify([aVideo("vid_a", [file])], ["vid_a"], {
    AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1",
  });
  expect([away.exitCode, away.said.length]).toEqual([1, 2]);
  const unfinished = await verify([aVideo("vid_a", [], "generating")], ["vid_a"]);
  expect(unfinished.exitCode).toBe(1);
  expect(unfinished.said[0]).toBe("vid_a  generating: no file is recorded of it");
});

test("an environment that cannot be used is said before anything is asked", async () => {
  await expect(verify([], "all", { AWS_ACCESS_KEY_ID: "" })).rejects.toThrow(
    "AWS_SECRET_ACCESS_KEY must be set together",
  );
});
