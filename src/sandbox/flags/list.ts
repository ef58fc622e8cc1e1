import { createHash } from "node:crypto";
import { type FlagStore, type KeyValue, placeOf } from "./store.ts";

/** One page of a list. */
interface Page {
  readonly items: readonly Partial<KeyValue>[];
  /** Quoted. */
  readonly etag: string;
  /** Relative to the store; absent: this was the last page. */
  readonly nextLink?: string;
}

/** A parameter that the store refuses. */
interface Refused {
  readonly invalid: string;
  readonly detail: string;
}

/** Items of a page. */
const pageSize = 100;
/** Names of a filter, separated by commas. */
const mostNames = 5;

const fields: readonly string[] = [
  "key",
  "label",
  "value",
  "content_type",
  "description",
  "tags",
  "locked",
  "etag",
  "last_modified",
];

/**
 * `GET /kv` by the documented contract: `key` and `label` as names, up to five with commas, or as the beginning of one
 * (`abc*`); absent: all. `\` before a reserved character is that character, `\0` as a label is none. `$Select` and
 * `After` as in its links.
 */
export function listPage(store: FlagStore, query: URLSearchParams): Page | Refused {
  const byKey = filterOf("key", query.get("key"));
  if ("invalid" in byKey) return byKey;
  const byLabel = filterOf("label", query.get("label"));
  if ("invalid" in byLabel) return byLabel;
  const selected = query.getAll("$Select").flatMap((one) => one.split(","));
  const unknown = selected.find((field) => !fields.includes(field));
  if (unknown !== undefined) return { invalid: "$Select", detail: `$Select: ${unknown} is no field` };
  const all = store.list().filter(({ key, label }) => byKey.passes(key) && byLabel.passes(label ?? "\0"));
  const after = query.get("After");
  // By its place in the order: what it names may be gone by now.
  const rest = after === null ? all : all.filter((item) => placeOf(item) > textOf(after));
  const page = rest.slice(0, pageSize);
  const last = page.at(-1);
  const more = last !== undefined && rest.length > pageSize;
  return {
    items: page.map((item) => (selected.length === 0 ? item : picked(item, selected))),
    etag: etagOf(page),
    ...(more ? { nextLink: linkAfter(tokenOf(last), query) } : {}),
  };
}

interface Filter {
  passes(text: string): boolean;
}

function filterOf(name: string, text: string | null): Filter | Refused {
  if (text === null || text === "" || text === "*") return { passes: () => true };
  const names: string[] = [""];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? "";
    if (letter === ",") names.push("");
    else if (letter === "*" && names.length === 1 && at === text.length - 1) {
      const [start = ""] = names;
      return { passes: (value) => value.startsWith(start) };
    } else if (letter === "*") return { invalid: name, detail: `${name}(${at + 1}): Invalid character` };
    else names.push(`${names.pop()}${letter === "\\" ? (text[++at] ?? "") : letter}`);
  }
  if (names.length > mostNames) return { invalid: name, detail: `${name}: more than ${mostNames} values` };
  return { passes: (value) => names.includes(value) };
}

function picked(item: KeyValue, selected: readonly string[]): Partial<KeyValue> {
  return Object.fromEntries(Object.entries(item).filter(([field]) => selected.includes(field)));
}

function etagOf(page: readonly KeyValue[]): string {
  const all = page.map(({ etag }) => etag).join("\n");
  return `"${createHash("sha256").update(all).digest("base64url")}"`;
}

function tokenOf(item: KeyValue): string {
  return Buffer.from(placeOf(item)).toString("base64url");
}

function textOf(token: string): string {
  return Buffer.from(token, "base64url").toString("utf8");
}

function linkAfter(token: string, query: URLSearchParams): string {
  const next = new URLSearchParams(query);
  next.set("After", token);
  return `/kv?${next}`;
}
