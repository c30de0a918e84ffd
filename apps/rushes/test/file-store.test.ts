import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exposeVideo } from "../src/up/archived-file.ts";
import { objectPath, startFileStore, type FileStore } from "../src/up/file-store.ts";

const bucket = "rushes";
let folder: string;
let store: FileStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "rushes-store-"));
  store = await startFileStore({ port: 0, folder, bucket });
});
afterEach(async () => {
  await store.stop(AbortSignal.abort());
  rmSync(folder, { recursive: true });
});

async function put(key: string, body: string): Promise<void> {
  const response = await fetch(`${store.url}/${bucket}/${key}`, { method: "PUT", body });
  expect(response.status).toBe(200);
}

test("an object is a plain file with exactly its bytes, and is still there after a restart", async () => {
  await put("videos/2025/vid_1.mp4", "video");
  expect(readFileSync(objectPath(folder, bucket, "videos/2025/vid_1.mp4"), "utf8")).toBe("video");
  await store.stop(AbortSignal.abort());
  store = await startFileStore({ port: 0, folder, bucket });
  expect(await (await fetch(`${store.url}/${bucket}/videos/2025/vid_1.mp4`)).text()).toBe("video");
});

test("an archived video gets a name that players know, without a second copy", async () => {
  await put("vid_1.mp4", "video");
  const where = {
    storeFolder: folder,
    bucket,
    key: "vid_1.mp4",
    folder: join(folder, "videos"),
    name: "vid_1.mp4",
  };
  const path = exposeVideo(where);
  expect(path).toBe(join(folder, "videos/vid_1.mp4"));
  expect(statSync(path).ino).toBe(statSync(objectPath(folder, bucket, "vid_1.mp4")).ino);
  expect(exposeVideo(where)).toBe(path);
});

test("a video that the store does not hold is an error, not an empty file", () => {
  const where = {
    storeFolder: folder,
    bucket,
    key: "none",
    folder: join(folder, "videos"),
    name: "none.mp4",
  };
  expect(() => exposeVideo(where)).toThrow(/ENOENT/);
});

const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === "IPv4" && !address.internal)?.address;

test.runIf(outside !== undefined)("the store cannot be reached from other machines", async () => {
  const socket = connect(Number(new URL(store.url).port), outside);
  await expect(once(socket, "connect")).rejects.toThrow("ECONNREFUSED");
});

test("servers that start after the store listen where they want again", async () => {
  const server = createServer().listen(0, "0.0.0.0");
  await once(server, "listening");
  expect((server.address() as AddressInfo).address).toBe("0.0.0.0");
  server.close();
});
