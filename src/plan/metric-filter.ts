import type { PlatformAlert } from "../types/alerts.ts";

type MetricDimension = PlatformAlert["dimensions"][number];

const condition = /^\(?\s*([\w.]+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*\)?$/i;

/**
 * A filter of Azure's metrics API (`EntityName eq 'ingest' and Method ne 'GET'`) as dimensions of a rule. Undefined: it
 * says what dimensions can't, such as `or` between two of them. Pure.
 */
export function dimensionsOf(filter: string): readonly MetricDimension[] | undefined {
  const found = new Map<string, MetricDimension>();
  for (const part of splitOutside(filter, "and")) {
    const read = splitOutside(part.replace(/^\s*\((.*)\)\s*$/s, "$1"), "or").map((one) =>
      condition.exec(one.trim()),
    );
    const [first] = read;
    const name = first?.[1];
    const operator = first?.[2]?.toLowerCase() === "ne" ? "Exclude" : "Include";
    const alike = read.every(
      (one) => one?.[1] === name && one?.[2]?.toLowerCase() === first?.[2]?.toLowerCase(),
    );
    // A name twice would be an `and` of its values, and "ne or ne" is everything.
    if (name === undefined || !alike || found.has(name) || (operator === "Exclude" && read.length > 1))
      return undefined;
    const values = read.map((one) => (one?.[3] ?? "").replaceAll("''", "'"));
    found.set(name, { name, operator, values });
  }
  return [...found.values()];
}

/** Parts between a word that stands outside of quotes. */
function splitOutside(text: string, word: "and" | "or"): string[] {
  const texts: string[] = [];
  const masked = text.replaceAll(/'(?:[^']|'')*'/g, (quoted) => `'${texts.push(quoted) - 1}'`);
  const back = (part: string) => part.replaceAll(/'(\d+)'/g, (_, index) => texts[Number(index)] ?? "");
  return masked.split(new RegExp(`\\s+${word}\\s+`, "i")).map(back);
}

/** The metric namespace of a resource: `Microsoft.ServiceBus/namespaces`. Undefined: it is no ARM id of a resource. */
export function namespaceOf(resourceId: string): string | undefined {
  const path = /\/providers\/([^/]+)\/((?:[^/]+\/[^/]+\/?)+)$/i.exec(resourceId.replace(/\/+$/, ""));
  const [, provider, rest = ""] = path ?? [];
  if (provider === undefined || rest.includes("/providers/")) return undefined;
  const types = rest.split("/").filter((_, index) => index % 2 === 0);
  return [provider, ...types].join("/");
}
