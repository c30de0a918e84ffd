export { findFreePort, findLastingPort } from "./free-port.ts";
export { MP4_FRAME_BYTES, mp4Frame } from "./mp4-frame.ts";
export { findRedisServer } from "./redis-server.ts";
export { createRandom } from "./seeded-random.ts";
export { selfSigned } from "./self-signed.ts";
export { startTestRedis, type TestRedis, type TestRedisOptions } from "./test-redis.ts";
export { startTestS3, type TestS3, type TestS3Options } from "./test-s3.ts";
export { uniquePrefix } from "./unique-prefix.ts";
export { untilTrue, type UntilTrueOptions } from "./until-true.ts";
