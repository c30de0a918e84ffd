import * as fc from "fast-check";

/** The parts of JSON Schema that the document uses. */
export type Schema = {
  $ref?: string;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  not?: unknown;
  anyOf?: readonly Schema[];
  oneOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: unknown;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  examples?: readonly unknown[];
};

/** Longer lists and texts would only make the run slow; their limits have tests of their own. */
const LONGEST = 12;

/** What takes the place of a value that fits, now and then. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    "",
    " ",
    "\u0000",
    "\ud800",
    "../..",
    "__proto__",
    -0,
    1e308,
    2 ** 53,
    -1,
    0.5,
    [],
    {},
    null,
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
);

/** Values of a schema: its examples, and such as fit, with one part in thirty replaced by anything at all. */
export function valuesOf(schema: Schema, named: Readonly<Record<string, Schema>>): fc.Arbitrary<unknown> {
  const { examples = [] } = schema.$ref ? referred(schema.$ref, named) : schema;
  return fc.oneof(
    { weight: 29, arbitrary: fitting(schema, named) },
    { weight: examples.length > 0 ? 15 : 0, arbitrary: fc.constantFrom(...examples, null) },
    { weight: 1, arbitrary: anything },
  );
}

function referred($ref: string, named: Readonly<Record<string, Schema>>): Schema {
  return named[$ref.split("/").at(-1) ?? ""] ?? {};
}

function fitting(schema: Schema, named: Readonly<Record<string, Schema>>): fc.Arbitrary<unknown> {
  if (schema.$ref) return fitting(referred(schema.$ref, named), named);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const forms = schema.oneOf ?? schema.anyOf;
  if (forms) return fc.oneof(...forms.map((form) => valuesOf(form, named)));
  switch (typeof schema.type === "string" ? schema.type : "") {
    case "object":
      return objectsOf(schema, named);
    case "array": {
      const { items = {}, minItems = 0, maxItems = LONGEST } = schema;
      return fc.array(valuesOf(items, named), {
        minLength: minItems,
        maxLength: Math.min(maxItems, Math.max(minItems, 3)),
      });
    }
    case "string":
      return textsOf(schema);
    case "integer":
      return fc.integer({ min: schema.minimum ?? -1_000, max: schema.maximum ?? 1_000 });
    case "number": {
      const min = schema.minimum ?? schema.exclusiveMinimum ?? -1_000;
      return fc.double({ min, max: schema.maximum ?? 1_000, noNaN: true });
    }
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return anything;
  }
}

function textsOf({ pattern, minLength = 0, maxLength = LONGEST }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern, "u"));
  const word = fc.string({ unit: "grapheme", minLength, maxLength: Math.min(maxLength, LONGEST) });
  return fc.oneof(word, fc.constantFrom("a still life", "https://images.example/a.png", "video.completed"));
}

function objectsOf(schema: Schema, named: Readonly<Record<string, Schema>>): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = schema;
  // A property that must not be there is left out.
  const allowed = Object.entries(properties).filter(([, property]) => property.not === undefined);
  const members = Object.fromEntries(allowed.map(([name, property]) => [name, valuesOf(property, named)]));
  const known = fc.record(members, { requiredKeys: required.filter((name) => name in members) });
  const extra = fc.dictionary(fc.string({ maxLength: 8 }), anything, { maxKeys: 2 });
  return fc.oneof(
    { weight: 12, arbitrary: known },
    { weight: 1, arbitrary: fc.tuple(known, extra).map(([some, more]) => ({ ...some, ...more })) },
  );
}
