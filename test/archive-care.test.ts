import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { untilTrue } from "@rushes/test-rig";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startSystem, type RunningSystem } from "./running-system.ts";

let system: RunningSystem;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.stop());
afterEach(() => system.killWorkers());

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

type Ran = { exitCode: number; stdout: string; stderr: string };

/** The command line, as a process of its own and without a terminal. */
async function rushes(...words: string[]): Promise<Ran> {
  const child = spawn(process.execPath, ["--conditions=source", "apps/rushes/src/main.ts", ...words], {
    env: {
      PATH: process.env["PATH"] ?? "",
      RUSHES_URL: system.api.url,
      AWS_ENDPOINT_URL_S3: system.s3.endpoint,
      AWS_ACCESS_KEY_ID: system.s3.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: system.s3.credentials.secretAccessKey,
      S3_FORCE_PATH_STYLE: "true",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number]>,
  ]);
  return { exitCode, stdout, stderr };
}

describe("what is archived", () => {
  test("explains itself in the bucket, and is fetched by a link", { timeout: 90_000 }, async () => {
    await system.startWorker();
    const ordered = await system.order({}, { metadata: { shot: 12 } });
    const video = await system.untilEnded(ordered.id);
    const [file] = video.output;
    const { manifest } = video;
    if (!file || !manifest) throw new Error("a completed video has a file and a manifest");

    const bytes = await system.s3.getObject(manifest.key);
    expect(sha256(bytes)).toBe(manifest.sha256);
    expect(manifest.key).toBe(file.key.replace(/\.mp4$/, ".json"));
    expect((await system.s3.headObject(manifest.key)).contentType).toBe("application/json");
    expect(JSON.parse(bytes.toString())).toMatchObject({
      video: video.id,
      request: { model: "kling-2-1", input: video.input, metadata: { shot: 12 } },
      task: { id: video.provider.task_id, account: "default" },
      times: { ordered_at: video.created_at },
      cost_usd: 1,
      files: [
        { key: file.key, bytes: file.bytes, sha256: file.sha256, media: { width: 640, codec: "avc1" } },
      ],
    });

    const followed = await fetch(`${system.api.url}/v1/videos/${video.id}/content`);
    expect(new URL(followed.url).host).toBe(new URL(system.s3.endpoint).host);
    expect(sha256(new Uint8Array(await followed.arrayBuffer()))).toBe(file.sha256);
    expect(followed.headers.get("content-type")).toBe("video/mp4");
    expect(followed.headers.get("content-disposition")).toBe(`inline; filename="${video.id}.mp4"`);
  });

  test(
    "of a task with several files is all of them, each under its number",
    { timeout: 90_000 },
    async () => {
      await system.startWorker({ ARCHIVE_KEY: "{mode}/{video_id}/{n}.mp4", ARCHIVE_PREFIX: "films" });
      const prompt = "three lakes [[result:several-urls:3]] [[result:error:503:2]]";
      const { id } = await system.order({ prompt });
      const { output, manifest, charges } = await system.untilEnded(id);
      const folder = `films/master-text-to-video/${id}`;
      expect(output.map(({ key }) => key)).toEqual([1, 2, 3].map((n) => `${folder}/${n}.mp4`));
      expect(new Set(output.map((file) => file.sha256)).size).toBe(3);
      for (const file of output) expect(sha256(await system.s3.getObject(file.key))).toBe(file.sha256);
      expect([manifest?.key, charges]).toEqual([`${folder}/1.json`, 1]);
      const second = await fetch(`${system.api.url}/v1/videos/${id}/content?n=2`);
      expect(sha256(new Uint8Array(await second.arrayBuffer()))).toBe(output[1]?.sha256);
      expect((await system.s3.listObjects(folder)).length).toBe(4);
    },
  );
});

describe("what the bucket has lost", () => {
  test(
    "is found by verify and fetched again by rearchive, never overwriting, never charged again",
    { timeout: 180_000 },
    async () => {
      await system.startWorker();
      const lost = await system.untilEnded((await system.order()).id);
      const damaged = await system.untilEnded((await system.order()).id);
      const [lostFile] = lost.output;
      const [damagedFile] = damaged.output;
      if (!lostFile || !damagedFile || !lost.manifest) throw new Error("completed videos have files");
      const charged = system.sandbox.bill().charges.length;

      expect(await rushes("verify", lost.id, damaged.id)).toEqual({
        exitCode: 0,
        stdout: "4 files are as recorded.\n",
        stderr: "",
      });

      await system.s3.deleteObject(lostFile.key);
      await system.s3.deleteObject(lost.manifest.key);
      const others = await system.s3.getObject(damagedFile.key);
      others[others.length - 1] = (others.at(-1) ?? 0) ^ 1;
      await system.s3.putObject(damagedFile.key, others);

      const found = await rushes("verify", "--all");
      expect(found.exitCode).toBe(1);
      expect(
        found.stdout
          .split("\n")
          .filter((line) => line.startsWith("vid_"))
          .toSorted(),
      ).toEqual(
        [
          `${lost.id}  missing    ${lostFile.url}`,
          `${lost.id}  missing    ${lost.manifest.url}`,
          `${damaged.id}  different  ${damagedFile.url}`,
        ].toSorted(),
      );
      expect(found.stdout).toContain("2 missing, 1 different");
      expect(found.stdout).toContain("rushes rearchive <video>");

      const fetched = await rushes("rearchive", lost.id);
      expect([fetched.exitCode, fetched.stdout]).toEqual([0, expect.stringContaining(`Whole. ${lost.id}`)]);
      expect(fetched.stdout).toContain(lostFile.url);
      await fetch(`${system.api.url}/v1/videos/${damaged.id}/rearchive`, { method: "POST" });
      await untilTrue(async () => (await system.get(damaged.id)).rearchive === null);
      expect(await system.get(lost.id)).toMatchObject({ output: lost.output, manifest: lost.manifest });
      expect(sha256(await system.s3.getObject(lostFile.key))).toBe(lostFile.sha256);

      const mended = await system.get(damaged.id);
      const besideKey = damagedFile.key.replace(/\.mp4$/, `-${damagedFile.sha256.slice(0, 8)}.mp4`);
      expect(mended).toMatchObject({
        phase: "completed",
        completed_at: damaged.completed_at,
        output: [{ key: besideKey, sha256: damagedFile.sha256 }],
      });
      expect((await system.s3.getObject(damagedFile.key)).equals(others)).toBe(true);
      expect((await rushes("verify", "--all")).exitCode).toBe(0);
      expect(system.sandbox.bill().charges.length).toBe(charged);
    },
  );

  test(
    "and the provider has no more is refused: the record stays, and says why",
    { timeout: 120_000 },
    async () => {
      await system.startWorker();
      const video = await system.untilEnded((await system.order()).id);
      const [file] = video.output;
      await system.s3.deleteObject(file?.key ?? "");
      system.sandbox.configure({ faults: { "result:expired:404": 1 } });
      const { exitCode, stdout } = await rushes("rearchive", video.id);
      system.sandbox.configure({ faults: null });
      expect([exitCode, stdout]).toEqual([1, expect.stringContaining(`${video.id} is completed.`)]);
      expect(await system.get(video.id)).toMatchObject({
        phase: "completed",
        output: video.output,
        rearchive: { state: "refused", message: expect.stringContaining("404") as string },
      });
    },
  );
});

// Only Linux tells which files a process holds open, and without that an empty folder would say little.
test.runIf(process.platform === "linux")(
  "a worker that is killed in the middle of a copy leaves no temp file",
  { timeout: 120_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "archive-care-"));
    try {
      const worker = await system.startWorker({ TMPDIR: folder });
      const prompt = "a lake [[result:no-length]] [[result:slow:40000]]";
      const { id } = await system.order({ prompt });
      await untilTrue(async () =>
        (await openFilesOf(worker.process.pid ?? 0)).some((path) => path.startsWith(folder)),
      );
      await worker.end("SIGKILL");
      expect(await readdir(folder)).toEqual([]);
      expect((await system.get(id)).phase).toBe("archiving");
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

async function openFilesOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder);
  return await Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => "")));
}
