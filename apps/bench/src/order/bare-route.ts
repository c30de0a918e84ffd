import { argv, stdout } from "node:process";
import { Queue } from "bullmq";
import { fastify } from "fastify";
import { Redis } from "ioredis";

/**
 * The control, a process of its own: the least that an HTTP route which queues can do. It checks nothing, remembers
 * nothing, and answers when BullMQ has the job. Prints its address, as the api's log does.
 */
const redis = new Redis(argv[2] ?? "", { maxRetriesPerRequest: null });
const queue = new Queue("bare", { connection: redis });
const server = fastify();

server.post("/v1/videos", async (request, reply) => {
  const job = await queue.add("order", request.body);
  return reply.code(202).send({ id: job.id });
});

await server.listen({ host: "127.0.0.1", port: 0 });
const address = server.server.address();
const port = typeof address === "object" ? address?.port : address;
stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
