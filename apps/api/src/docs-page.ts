import { Markup, markup, type MarkupValue } from "./markup.ts";
import { PROBLEMS } from "./problem-codes.ts";
import { ruleOf, schemaRows, type JsonSchema } from "./schema-rows.ts";

type Media = Readonly<Record<string, { schema?: JsonSchema }>>;

type Operation = {
  summary?: string;
  security?: readonly unknown[];
  parameters?: readonly {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema?: JsonSchema;
  }[];
  requestBody?: { content?: Media };
  responses?: Readonly<Record<string, { description?: string; content?: Media }>>;
};

/** The parts of our OpenAPI document that the page shows. */
export type ApiDocument = {
  info: { title: string; description?: string };
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: { schemas: Readonly<Record<string, JsonSchema & { examples?: readonly unknown[] }>> };
};

/** The style stands in the page, which loads nothing from anywhere and runs no script. */
export const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid; }
h3 code { font-size: 1.1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
td, th { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884; }
pre { background: #8882; padding: .8rem; overflow-x: auto; }
tr:target { background: #fc06; }
`;

/** A page to read, made from the document that machines read. */
export function renderDocs({ info, paths, components }: ApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => renderOperation(method, path, operation)),
  );
  const schemas = Object.entries(components.schemas).map(([name, schema]) => renderSchema(name, schema));
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${info.title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<h1>${info.title}</h1>
${paragraphs(info.description ?? "")}
<p>For machines: <a href="/openapi.json">/openapi.json</a></p>
<h2 id="calls">Calls</h2>
${operations}
<h2 id="bodies">Bodies</h2>
${schemas}
<h2 id="problems">Problems</h2>
<p>Every other answer is an application/problem+json document (RFC 9457) with one of these codes.</p>
${renderProblems()}
</body>
</html>
`.text;
}

function renderOperation(method: string, path: string, operation: Operation): Markup {
  const { summary = "", security, parameters = [], requestBody, responses = {} } = operation;
  const body = schemaOf(requestBody?.content);
  const inputs = parameters.map(({ name, in: place, required = false, description, schema = {} }) => ({
    field: `${name} (${place})`,
    rule: ruleOf(schema) + (required ? "" : ", optional"),
    about: description ?? schema.description ?? "",
  }));
  if (body) inputs.push({ field: "body", rule: ruleOf(body), about: "" });
  const answers = Object.entries(responses).map(([status, { description = "", content }]) => ({
    field: status,
    rule: ruleOf(schemaOf(content) ?? {}),
    about: description === "Default Response" ? "" : description,
  }));
  return markup`<h3><code>${method.toUpperCase()} ${path}</code></h3>
<p>${summary}${security?.length ? " · with a key, where keys are set" : ""}</p>
${table(inputs)}
${table(answers)}`;
}

function schemaOf(content: Media | undefined): JsonSchema | undefined {
  return Object.values(content ?? {})[0]?.schema;
}

function renderSchema(name: string, schema: ApiDocument["components"]["schemas"][string]): Markup {
  const examples = schema.examples ?? [];
  return markup`<h3 id="${name}"><code>${name}</code></h3>
${table(schemaRows(schema))}
${examples.map((example) => markup`<pre>${JSON.stringify(example, null, 2)}</pre>`)}`;
}

function renderProblems(): Markup {
  const rows = Object.entries(PROBLEMS).map(([code, { status, title, advice }]) => {
    return markup`<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${title}. ${advice}</td></tr>`;
  });
  return markup`<table>${rows}</table>`;
}

function table(rows: readonly { field: string; rule: string; about: string }[]): Markup {
  if (rows.length === 0) return markup``;
  const lines = rows.map(({ field, rule, about }) => {
    return markup`<tr><td><code>${field}</code></td><td>${linked(rule)}</td><td>${about}</td></tr>`;
  });
  return markup`<table>${lines}</table>`;
}

/** A rule that is only the name of a body leads there. */
function linked(rule: string): MarkupValue {
  return /^[A-Z]\w+$/.test(rule) ? markup`<a href="#${rule}">${rule}</a>` : rule;
}

/** Blank lines part paragraphs, backquotes mark code. */
function paragraphs(text: string): Markup[] {
  return text.split("\n\n").map((paragraph) => {
    const pieces = paragraph.split("`").map((piece, index) => {
      return index % 2 === 1 ? markup`<code>${piece}</code>`.text : markup`${piece}`.text;
    });
    return markup`<p>${new Markup(pieces.join(""))}</p>`;
  });
}
