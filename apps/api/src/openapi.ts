import { fastifySwagger } from "@fastify/swagger";
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from "fastify-type-provider-zod";
import { z } from "zod";
import { orderSchema } from "@rushes/pipeline";
import type { ApiServer } from "./api-parts.ts";
import { deliverySchema } from "./delivery-schema.ts";
import {
  EXAMPLE_DELIVERY,
  EXAMPLE_LIMITS,
  EXAMPLE_ORDERS,
  EXAMPLE_OVERVIEW,
  EXAMPLE_PROBLEM,
  EXAMPLE_SUBMIT,
  EXAMPLE_VIDEO,
} from "./examples.ts";
import { limitsSchema } from "./limits-schema.ts";
import { overviewSchema } from "./overview-schema.ts";
import { problemSchema } from "./problem-schema.ts";
import { submitSchema } from "./submit-schema.ts";
import { videoSchema } from "./video-schema.ts";

const ABOUT = `Orders for AI videos become finished files in your own bucket, each paid once.

Send \`Authorization: Bearer <key>\` where the operator has set keys. Give every order an \`Idempotency-Key\` of your own, \
and repeat a request with the same key after any 5xx or lost connection: it is ordered once.

Times are unix seconds, money is US dollars. Unknown fields and parameters are refused, so that a typing error is seen.`;

// What is referred to by name. zod keeps descriptions in the same registry, so names stand there too.
z.globalRegistry.add(videoSchema, { id: "Video", examples: [EXAMPLE_VIDEO] });
z.globalRegistry.add(problemSchema, { id: "Problem", examples: [EXAMPLE_PROBLEM] });
z.globalRegistry.add(deliverySchema, { id: "Delivery", examples: [EXAMPLE_DELIVERY] });
z.globalRegistry.add(limitsSchema, { id: "Limits", examples: [EXAMPLE_LIMITS] });
z.globalRegistry.add(submitSchema, { id: "Submit", examples: [EXAMPLE_SUBMIT] });
z.globalRegistry.add(overviewSchema, { id: "Overview", examples: [EXAMPLE_OVERVIEW] });
z.globalRegistry.add(orderSchema, { id: "Order", examples: [...EXAMPLE_ORDERS] });

/** What zod's own conversion leaves out or says too loudly. */
function adjust({ zodSchema, jsonSchema, path }: AdjustContext): void {
  // A field that must be absent would otherwise read as one that may be anything.
  if (zodSchema instanceof z.ZodUndefined) jsonSchema.not = {};
  // Read-only in TypeScript means nothing over HTTP.
  delete jsonSchema.readOnly;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.type === "object" && path.at(-1) === "metadata") {
    // Any JSON; the recursive schema behind it would be a reference to nowhere.
    delete jsonSchema.propertyNames;
    jsonSchema.additionalProperties = true;
  }
}

type AdjustContext = Parameters<NonNullable<z.core.ToJSONSchemaParams["override"]>>[0];

/** Collects the routes that are added later into one OpenAPI document, made from the schemas that check requests. */
export function describeRoutes(server: ApiServer): void {
  const zodToJsonConfig = { override: adjust };
  const addNamed = createJsonSchemaTransformObject({ zodToJsonConfig });
  const toJsonSchema = createJsonSchemaTransform({ zodToJsonConfig });

  void server.register(fastifySwagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Rushes",
        version: "1",
        description: ABOUT,
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: "/", description: "This api" }],
      tags: [
        { name: "videos", description: "Ordering videos and following them" },
        { name: "webhooks", description: "What was told of a video, and telling it again" },
        { name: "operation", description: "For operators and their machines" },
      ],
      components: {
        securitySchemes: { apiKey: { type: "http", scheme: "bearer", description: "One of API_KEYS" } },
      },
    },
    transform(route) {
      const { schema, url } = toJsonSchema(route);
      return { schema: { ...schema, security: url.startsWith("/v1/") ? [{ apiKey: [] }] : [] }, url };
    },
    transformObject: (document) => withoutUnused(addNamed(document)),
  });
}

/** Every named schema is converted both as it comes in and as it goes out; only what is referred to is kept. */
function withoutUnused<Document extends object>(document: Document): Document {
  const { components } = document as { components?: { schemas?: Record<string, unknown> } };
  const references = JSON.stringify(document);
  const schemas = Object.entries(components?.schemas ?? {});
  const used = schemas.filter(([name]) => references.includes(`"#/components/schemas/${name}"`));
  const smaller = { ...document, components: { ...components, schemas: Object.fromEntries(used) } };
  // One that is gone may have been the only one to refer to another.
  return used.length === schemas.length ? smaller : withoutUnused(smaller);
}
