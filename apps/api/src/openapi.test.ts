import { createConfig, lintFromString } from "@redocly/openapi-core";
import { parseEnvironment } from "@rushes/lifecycle";
import { describe, expect, test } from "vitest";
import type { ApiParts } from "./api-parts.ts";
import { createServer } from "./create-server.ts";
import { settingsSchema } from "./settings.ts";

type Media = {
  schema: { $ref?: string; examples?: unknown[]; example?: unknown };
  example?: unknown;
  examples?: object;
};
type Operation = {
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
};
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { examples?: unknown[] }> };
};

/** The document is made from the routes alone; nothing is asked of the parts behind them. */
async function makeDocument(): Promise<Document> {
  const server = createServer({ settings: parseEnvironment(settingsSchema, {}) } as ApiParts);
  await server.ready();
  const document = server.swagger() as unknown as Document;
  await server.close();
  return document;
}

async function lint(document: unknown): Promise<string[]> {
  const config = await createConfig({
    extends: ["recommended-strict"],
    // The content of a video is answered by a redirect alone.
    rules: { "operation-2xx-response": "off" },
  });
  const source = JSON.stringify(document);
  const problems = await lintFromString({ source, config, absoluteRef: "openapi.json" });
  return problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer})`);
}

const document = await makeDocument();
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method} ${path}`, operation] as const),
);

describe("the linter", () => {
  test("finds nothing to say about the document", async () => {
    expect(await lint(document)).toEqual([]);
  });

  test("would say so where an example does not fit its schema, or a name is not there", async () => {
    const text = JSON.stringify(document);
    const wrongExample = text.replace('"charges":1,', '"charges":"one",');
    const wrongName = text.replace("#/components/schemas/Video", "#/components/schemas/Film");
    for (const wrong of [wrongExample, wrongName]) {
      expect(wrong).not.toBe(text);
      expect(await lint(JSON.parse(wrong))).not.toEqual([]);
    }
  });
});

test.each(operations)("%s can end well", (name, { responses }) => {
  const well = name === "get /v1/videos/{id}/content" ? /^302$/ : /^2\d\d$/;
  expect(Object.keys(responses).filter((status) => well.test(status))).not.toEqual([]);
});

describe("there is an example", () => {
  const isShown = ({ schema, example, examples }: Media): boolean => {
    const named = schema.$ref ? document.components.schemas[schema.$ref.split("/").at(-1) ?? ""] : schema;
    return (
      example !== undefined ||
      examples !== undefined ||
      (named?.examples?.length ?? 0) > 0 ||
      schema.example !== undefined
    );
  };
  const contentOf = (operation: Operation): [string, Media][] => [
    ...Object.entries(operation.requestBody?.content ?? {}),
    ...Object.values(operation.responses).flatMap(({ content }) => Object.entries(content ?? {})),
  ];

  test.each(operations)("of all that %s takes and answers", (_, operation) => {
    for (const [type, media] of contentOf(operation))
      expect([type, media, isShown(media)]).toEqual([type, media, true]);
  });
});
