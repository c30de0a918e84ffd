/**
 * What Compose puts in place of `${…}` in a value: `${A}`, `${A:-default}`, `${A:+replacement}`, and `$$` for a dollar
 * sign. Empty counts as unset, as the colon says.
 *
 * @throws Error for every other form, nested ones included: this project's file is to stay within these.
 */
export function interpolate(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$(?:(\$)|\{(\w+)(?:(:[-+])([^${}]*))?\}|)/g,
    (form, dollar?: string, name?: string, operator?: string, word = "") => {
      if (dollar !== undefined) return "$";
      if (name === undefined) throw new Error(`${text}: no form of interpolation that is understood here`);
      const value = variables[name] ?? "";
      if (operator === ":+") return value === "" ? "" : word;
      if (operator === ":-") return value === "" ? word : value;
      return form === `\${${name}}` ? value : form;
    },
  );
}
