import type { AddRoute } from "./api-parts.ts";
import { addAdoptVideo } from "./routes/adopt-video.ts";
import { addCancelVideo } from "./routes/cancel-video.ts";
import { addDocs } from "./routes/docs.ts";
import { addGetContent } from "./routes/get-content.ts";
import { addGetOverview } from "./routes/get-overview.ts";
import { addGetVideo } from "./routes/get-video.ts";
import { addListAudit } from "./routes/list-audit.ts";
import { addListDeliveries } from "./routes/list-deliveries.ts";
import { addListVideos } from "./routes/list-videos.ts";
import { addListLimits } from "./routes/list-limits.ts";
import { addLivez } from "./routes/livez.ts";
import { addMetrics } from "./routes/metrics.ts";
import { addOpenapi } from "./routes/openapi.ts";
import { addOrderBatch } from "./routes/order-batch.ts";
import { addOrderVideo } from "./routes/order-video.ts";
import { addPauseSubmit } from "./routes/pause-submit.ts";
import { addPinLimits } from "./routes/pin-limits.ts";
import { addPollVideo } from "./routes/poll-video.ts";
import { addReadyz } from "./routes/readyz.ts";
import { addRearchiveVideo } from "./routes/rearchive-video.ts";
import { addReceiveCallback } from "./routes/receive-callback.ts";
import { addReleaseVideo } from "./routes/release-video.ts";
import { addReplayDelivery } from "./routes/replay-delivery.ts";
import { addResumeSubmit } from "./routes/resume-submit.ts";
import { addSetLimits } from "./routes/set-limits.ts";
import { addWatchVideo } from "./routes/watch-video.ts";
import { addWriteOffVideo } from "./routes/write-off-video.ts";

/** For whoever reaches the api. */
export const OPEN_ROUTES: readonly AddRoute[] = [
  addLivez,
  addReadyz,
  addMetrics,
  addOpenapi,
  addDocs,
  addReceiveCallback,
];

/** Under `/v1`, for callers with a key. */
export const KEYED_ROUTES: readonly AddRoute[] = [
  addOrderVideo,
  addOrderBatch,
  addListVideos,
  addGetVideo,
  addWatchVideo,
  addGetContent,
  addCancelVideo,
  addListDeliveries,
  addReplayDelivery,
  addAdoptVideo,
  addReleaseVideo,
  addWriteOffVideo,
  addPollVideo,
  addRearchiveVideo,
  addGetOverview,
  addPauseSubmit,
  addResumeSubmit,
  addListAudit,
  addListLimits,
  addSetLimits,
  addPinLimits,
];
