/** One label matcher of a selector. */
export interface Matcher {
  readonly label: string;
  /** `=` one value; `one-of` any of some literal values. */
  readonly value: string | { readonly oneOf: readonly string[] };
}

const plainName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const plainLabel = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * A PromQL selector. Everything that comes from configuration is quoted, so no value can change the
 * query's meaning; names outside the classic alphabet use the quoted form of Prometheus 3.
 */
export function selector(metric: string, matchers: readonly Matcher[]): string {
  const parts = matchers.map(({ label, value }) => {
    const name = plainLabel.test(label) ? label : quote(label);
    return typeof value === "string"
      ? `${name}=${quote(value)}`
      : `${name}=~${quote(value.oneOf.map(escapeRegex).join("|"))}`;
  });
  return plainName.test(metric)
    ? `${metric}{${parts.join(",")}}`
    : `{${[quote(metric), ...parts].join(",")}}`;
}

function quote(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `"${escaped}"`;
}

/** RE2 matches the whole label value in PromQL, so only its own characters need care. */
function escapeRegex(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
