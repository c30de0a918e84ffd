import { createClient } from "@rushes/client";
import { createFilmServer } from "./film-server.ts";

const { RUSHES_URL, RUSHES_API_KEY, WEBHOOK_SECRET, PORT = "3000", OWN_URL } = process.env;
if (WEBHOOK_SECRET === undefined) throw new Error("Set WEBHOOK_SECRET to what signs the webhooks of Rushes.");

const port = Number(PORT);
const service = createFilmServer({
  rushes: createClient({ url: RUSHES_URL ?? "http://127.0.0.1:8080", apiKey: RUSHES_API_KEY }),
  webhookSecret: WEBHOOK_SECRET,
  ownUrl: OWN_URL ?? `http://127.0.0.1:${port}`,
});
await service.listen({ host: "127.0.0.1", port });
process.stdout.write(`The film service listens on port ${port}.\n`);
