const MASK = "[secret]";

/**
 * Takes every known secret out of a text, in its plain, JSON-escaped, URL-encoded and base64 forms. Secrets
 * shorter than 4 characters are left: masking them would blank out half of every message.
 */
export function redact(text: string, secrets: Iterable<string>): string {
  let result = text;
  for (const form of formsOf(secrets)) result = result.replaceAll(form, MASK);
  return result;
}

/** `redact` over every string of a JSON value, keys included. */
export function redactValue<T>(value: T, secrets: Iterable<string>): T {
  const forms = formsOf(secrets);
  if (forms.length === 0) return value;
  const walk = (item: unknown): unknown => {
    if (typeof item === "string") return forms.reduce((text, form) => text.replaceAll(form, MASK), item);
    if (Array.isArray(item)) return item.map(walk);
    if (item !== null && typeof item === "object") {
      return Object.fromEntries(Object.entries(item).map(([key, member]) => [walk(key), walk(member)]));
    }
    return item;
  };
  return walk(value) as T;
}

function formsOf(secrets: Iterable<string>): string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < 4) continue;
    forms.add(secret);
    forms.add(JSON.stringify(secret).slice(1, -1));
    forms.add(encodeURIComponent(secret));
    forms.add(Buffer.from(secret, "utf8").toString("base64"));
  }
  // Longest first, or the plain form inside a longer one would leave the longer one's rest behind.
  return [...forms].sort((a, b) => b.length - a.length);
}
