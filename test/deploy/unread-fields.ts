/**
 * The fields of a document that a validator never looks at: those its schema does not know, misspelt ones among them,
 * which Kubernetes' own schemas let pass.
 */
export function unreadFields(document: object, validate: (document: object) => void): string[] {
  const read = new Set<string>();

  function watch(node: object, path: string): object {
    return new Proxy(node, {
      get(target, name, receiver): unknown {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof name !== "string" || !Object.hasOwn(target, name)) return value;
        const place = `${path}/${name}`;
        read.add(place);
        return typeof value === "object" && value !== null ? watch(value, place) : value;
      },
    });
  }

  function fieldsOf(node: unknown, path: string): string[] {
    if (typeof node !== "object" || node === null) return [];
    return Object.entries(node).flatMap(([name, value]) => [
      `${path}/${name}`,
      ...fieldsOf(value, `${path}/${name}`),
    ]);
  }

  validate(watch(document, ""));
  return fieldsOf(document, "").filter((field) => !read.has(field));
}
