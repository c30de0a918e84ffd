/** The parts of JSON Schema that our schemas use. */
export type JsonSchema = {
  $ref?: string;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  default?: unknown;
  description?: string;
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
  items?: JsonSchema;
  oneOf?: readonly JsonSchema[];
  anyOf?: readonly JsonSchema[];
  not?: JsonSchema;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  maxLength?: number;
};

export type SchemaRow = { field: string; rule: string; about: string };

/** A schema as rows to read: one per field, those of inner objects after it; each form of a `oneOf` under its mode. */
export function schemaRows(schema: JsonSchema, path = ""): SchemaRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const field = path === "" ? name : `${path}.${name}`;
    const isRequired = schema.required?.includes(name) === true;
    const row = {
      field,
      rule: [ruleOf(property), isRequired ? "" : "optional"].filter((word) => word !== "").join(", "),
      about: property.description ?? "",
    };
    return property.not === undefined ? [row, ...innerRows(property, field)] : [];
  });
}

function innerRows(property: JsonSchema, field: string): SchemaRow[] {
  if (property.items) return schemaRows(property.items, `${field}[]`);
  const forms =
    property.oneOf ?? (property.anyOf ?? [property]).filter((form) => form.properties !== undefined);
  return forms.flatMap((form) => {
    const mode = form.properties?.["mode"]?.const;
    return schemaRows(form, typeof mode === "string" ? `${field} (${mode})` : field);
  });
}

/** In words: `integer from 1 to 10, by default 1`. */
export function ruleOf(schema: JsonSchema): string {
  const words = [kindOf(schema)];
  const { minimum, maximum, maxLength } = schema;
  if (minimum !== undefined && maximum !== undefined) words.push(`from ${minimum} to ${maximum}`);
  if (maxLength !== undefined) words.push(`of at most ${maxLength} characters`);
  const byDefault = schema.default === undefined ? "" : `, by default ${JSON.stringify(schema.default)}`;
  return words.join(" ") + byDefault;
}

function kindOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.$ref) return schema.$ref.split("/").at(-1) ?? "";
  const forms = schema.oneOf ?? schema.anyOf;
  if (forms) return [...new Set(forms.map(kindOf))].join(" | ");
  if (schema.type === "array") return `list${lengthOf(schema)} of ${ruleOf(schema.items ?? {})}`;
  if (schema.type === undefined) return "anything";
  return typeof schema.type === "string" ? schema.type : schema.type.join(" | ");
}

function lengthOf({ minItems, maxItems }: JsonSchema): string {
  if (minItems === undefined || maxItems === undefined) return "";
  return minItems === maxItems ? `, ${minItems} long,` : `, ${minItems} to ${maxItems} long,`;
}
