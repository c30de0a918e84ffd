export {
  accessSettings,
  bucketSettings,
  type BucketAccess,
  type BucketVariables,
} from "./bucket-settings.ts";
export { checkBucket, type BucketCheck, type BucketCheckOptions } from "./check-bucket.ts";
export { openContentLinks, type ContentLinks } from "./content-links.ts";
export { DEFAULT_KEY_TEMPLATE, isKeyTemplate, KEY_TEMPLATE_RULE } from "./key-template.ts";
export { manifestKey, objectKey, type ObjectKeyParts } from "./object-key.ts";
export { PATIENCE, type Patience } from "./stall-watch.ts";
export type { BucketSettings } from "./s3-client.ts";
export type { StoreLog } from "./store-log.ts";
export { openStoredFiles, type Comparison, type StoredFiles } from "./stored-files.ts";
export type { StoreOptions } from "./work-room.ts";
export {
  openVideoStore,
  type ArchiveOptions,
  type VideoStore,
  type VideoStoreSettings,
} from "./video-store.ts";
