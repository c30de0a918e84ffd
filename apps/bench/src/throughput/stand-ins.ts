import type { Provider, ResultFile, StoredFile } from "@rushes/pipeline";

/** A provider that accepts at once and has finished by the first look. */
export function createInstantProvider(): Provider {
  return {
    async generateTask(_request, { maySend }) {
      if (!maySend()) throw new Error("an intent waited too long for an instant provider");
      return { taskId: `task-${crypto.randomUUID()}` };
    },
    async statusTask(taskId) {
      return { state: "succeeded", resultUrls: [`https://files.example.com/${taskId}.mp4`] };
    },
    async currentBalance() {
      return 0;
    },
  };
}

/** A store that has every file already. */
export async function storeInstantly(file: ResultFile): Promise<StoredFile> {
  const key = `${file.videoId}/${file.index}.mp4`;
  return {
    url: `s3://bench/${key}`,
    bucket: "bench",
    key,
    bytes: 4_000_000,
    sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    content_type: "video/mp4",
  };
}
