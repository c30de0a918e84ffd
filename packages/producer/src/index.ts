export {
  createProducer,
  type OrderVideoRequest,
  type Producer,
  type ProducerOptions,
} from "./order-video.ts";
