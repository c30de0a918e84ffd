export { bucketSettings, type BucketVariables } from "./bucket-settings.ts";
export { checkBucket, type BucketCheck, type BucketCheckOptions } from "./check-bucket.ts";
export { objectKey, type ObjectKeyParts } from "./object-key.ts";
export { PATIENCE, type Patience } from "./stall-watch.ts";
export type { BucketSettings } from "./s3-client.ts";
export type { StoreLog } from "./store-log.ts";
export {
  openVideoStore,
  type ArchiveOptions,
  type VideoStore,
  type VideoStoreSettings,
} from "./video-store.ts";
