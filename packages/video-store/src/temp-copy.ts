import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "@rushes/pipeline";
import type { CheckedSource, FileFacts } from "./checked-source.ts";
import type { StallWatch } from "./stall-watch.ts";
import type { UploadSource } from "./uploader.ts";

const CHUNK_BYTES = 64 * 1024;
/** Linux' flag for a file without a name, which Node does not list; it is the same on every machine Node runs on. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** How many bytes the temp files of one store may take together. */
export type TempSpace = { readonly maxBytes: number; usedBytes: number };

export type TempCopy = UploadSource & {
  facts: FileFacts;
  /** Gives the space back. */
  close(): Promise<void>;
};

/**
 * Reads a checked source of unknown length into a temp file, so that its length is known before the upload begins.
 * The file has mode 0600 and no name: it exists for this process alone, and a process that dies, however hard, leaves
 * nothing behind.
 */
export async function openTempCopy(
  source: CheckedSource,
  space: TempSpace,
  watch: StallWatch,
): Promise<TempCopy> {
  let takenBytes = 0;
  let file: FileHandle | null = null;
  const giveBack = async () => {
    space.usedBytes -= takenBytes;
    takenBytes = 0;
    await file?.close();
    file = null;
  };
  try {
    file = await openNameless(tmpdir());
    for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) {
      takenBytes += chunk.length;
      space.usedBytes += chunk.length;
      if (space.usedBytes > space.maxBytes)
        throw noSpace(`temp files would take more than ${space.maxBytes} bytes`);
      await writeAll(file, chunk);
    }
  } catch (error) {
    await giveBack();
    throw error instanceof Failure
      ? error
      : noSpace(`a temp file could not be written (${String(error)})`, error);
  }
  const facts = await source.drain();

  let position = 0;
  return {
    facts,
    lengthBytes: facts.bytes,
    async read() {
      watch.waitFor("bucket");
      if (file === null) throw noSpace("the temp file is closed");
      const { bytesRead, buffer } = await file.read(
        Buffer.allocUnsafe(CHUNK_BYTES),
        0,
        CHUNK_BYTES,
        position,
      );
      position += bytesRead;
      return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
    },
    close: giveBack,
  };
}

/**
 * A file that never had a name, where the system can do that; elsewhere one that loses it as soon as it is open. A process
 * killed just between the two leaves an empty file.
 */
async function openNameless(folder: string): Promise<FileHandle> {
  if (platform() === "linux") {
    try {
      return await open(folder, O_TMPFILE | constants.O_RDWR, 0o600);
    } catch (error) {
      // Not every file system can; what else is wrong with the folder shows below.
      if (!["EOPNOTSUPP", "EISDIR", "EINVAL", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? ""))
        throw error;
    }
  }
  const path = join(folder, `rushes-${randomUUID()}.mp4`);
  const file = await open(path, "wx+", 0o600);
  await rm(path);
  return file;
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    at += (await file.write(chunk, at)).bytesWritten;
  }
}

function noSpace(message: string, cause?: unknown): Failure {
  return new Failure({
    kind: "unavailable",
    class: "archive",
    code: "temp_space_unavailable",
    message,
    ...(cause === undefined ? {} : { cause }),
  });
}
