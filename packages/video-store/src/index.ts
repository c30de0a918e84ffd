export { objectKey, type ObjectKeyParts } from "./object-key.ts";
export { PATIENCE, type Patience } from "./stall-watch.ts";
export type { StoreLog } from "./store-log.ts";
export {
  openVideoStore,
  type ArchiveOptions,
  type VideoStore,
  type VideoStoreSettings,
} from "./video-store.ts";
