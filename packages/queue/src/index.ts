export { openProducerConnection, openWorkerConnection } from "./connections.ts";
export { startStageWorker, type StageWorker, type StageWorkerOptions } from "./stage-worker.ts";
export { openWakeQueues, type JobData, type WakeQueues } from "./wake-queues.ts";
