/** One label matcher of a selector. */
export interface Matcher {
  readonly label: string;
  /** `=` one value; `one-of` any of some literal values; `like` an expression of our own, never one from outside. */
  readonly value: string | { readonly oneOf: readonly string[] } | { readonly like: string };
}

const plainName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const plainLabel = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * A PromQL selector. Everything that comes from configuration is quoted, so no value can change the
 * query's meaning; names outside the classic alphabet use the quoted form of Prometheus 3.
 */
export function selector(metric: string, matchers: readonly Matcher[]): string {
  const parts = matchers.map(({ label, value }) => {
    const name = labelName(label);
    if (typeof value === "string") return `${name}=${quote(value)}`;
    return `${name}=~${quote("like" in value ? value.like : value.oneOf.map(escapeRegex).join("|"))}`;
  });
  return plainName.test(metric)
    ? `${metric}{${parts.join(",")}}`
    : `{${[quote(metric), ...parts].join(",")}}`;
}

/** A label's name, as a matcher and `by (…)` take it. */
export function labelName(label: string): string {
  return plainLabel.test(label) ? label : quote(label);
}

/** Unit of a histogram of durations, ms: its name says milliseconds, else it counts seconds. */
export function msPerUnit(metric: string): 1 | 1000 {
  return /_(ms|milliseconds)(_bucket)?$/.test(metric) ? 1 : 1000;
}

function quote(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
  return `"${escaped}"`;
}

/** RE2 matches the whole label value in PromQL, so only its own characters need care. */
function escapeRegex(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
