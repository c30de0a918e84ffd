export { createCallerDesk, type CallerDesk, type CallerDeskOptions } from "./caller-desk.ts";
export { createEstimator, type Estimate, type EstimateOrder } from "./estimate-order.ts";
export {
  createProducer,
  type OrderBatchRequest,
  type OrderVideoRequest,
  type Producer,
  type ProducerOptions,
} from "./order-video.ts";
export {
  createOperatorDesk,
  type OperatorDesk,
  type OperatorDeskOptions,
  type UnconfirmedPolicy,
} from "./operator-desk.ts";
export { createCallbackTaker, type CallbackTaker, type CallbackTakerOptions } from "./take-callback.ts";
export { refusalOf, type OperatorVerb, type VerbRefusal } from "./verb-refusal.ts";
