export {
  createProducer,
  type OrderVideoRequest,
  type Producer,
  type ProducerOptions,
} from "./order-video.ts";
export { createCallbackTaker, type CallbackTaker, type CallbackTakerOptions } from "./take-callback.ts";
