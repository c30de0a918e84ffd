import { copyFileSync, existsSync, linkSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { objectPath } from "./file-store.ts";

/**
 * Gives an archived video a name that players know, in `folder`. It is the same file under a second name where the
 * disk allows that, else a copy.
 *
 * @returns its path
 * @throws when the store does not hold the object
 */
export function exposeVideo(options: {
  storeFolder: string;
  bucket: string;
  key: string;
  folder: string;
  name: string;
}): string {
  const { storeFolder, bucket, key, folder, name } = options;
  const stored = objectPath(storeFolder, bucket, key);
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(path)) {
    try {
      linkSync(stored, path);
    } catch {
      copyFileSync(stored, path);
    }
  }
  return path;
}
