import { listPage } from "./list.ts";
import type { FlagStore, KeyValue, KeyValueDraft, KeyValueId } from "./store.ts";
import { keyValueLimit } from "./store.ts";

/** One call of the data plane. */
export interface StoreCall {
  readonly method: string;
  /** Decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface StoreAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a read is served. */
export interface StorePlace {
  readonly store: FlagStore;
  /** A read that doesn't bring the newest token gets what a cache still has. */
  readonly stale: boolean;
}

const versions = ["1.0", "2023-10-01", "2023-11-01", "2024-09-01", "2026-04-01"];
const kvType = "application/vnd.microsoft.appconfig.kv+json";

/** Answers `/kv`, `/kv/{key}` and `/locks/{key}`, by the documented contract. */
export function answerStore(place: StorePlace, call: StoreCall): StoreAnswer {
  const refused = refuseVersion(call);
  if (refused) return refused;
  if (call.path === "/kv") return list(place, call);
  const [, resource = "", key = ""] = /^\/(kv|locks)\/(.+)$/.exec(call.path) ?? [];
  if (key === "") return { status: 404 };
  const label = call.query.get("label");
  // `%00` names the key-value without a label.
  const id = { key, label: label === null || label === "" || label === "\0" ? null : label };
  if (label?.includes("*")) return invalid("label", "label(1): Invalid character");
  const there = place.store.get(id);
  if (call.method === "GET" && resource === "kv") return get(place, call, id);
  if (!passes(call, there)) return { status: 412 };
  if (resource === "locks") return lock(place.store, call, id);
  if (there?.locked) return lockedBy(key);
  switch (call.method) {
    case "PUT":
      return put(place.store, call, id);
    case "DELETE": {
      const gone = place.store.delete(id);
      return gone === undefined ? { status: 204 } : shown(gone);
    }
    default:
      return { status: 405, headers: { allow: "GET, PUT, DELETE" } };
  }
}

/** The token of the store's newest write, as each answer carries it. */
export function syncToken(store: FlagStore): {
  readonly id: string;
  readonly value: string;
  readonly sn: number;
} {
  const sn = store.version;
  return { id: "jtqGc1I4", value: Buffer.from(`0:${sn}`).toString("base64"), sn };
}

function get({ store, stale }: StorePlace, call: StoreCall, id: KeyValueId): StoreAnswer {
  const { id: token, value } = syncToken(store);
  const fresh = call.headers["sync-token"]?.split(",").includes(`${token}=${value}`) === true;
  const there = stale && !fresh ? store.before(id) : store.get(id);
  if (there === undefined) return { status: 404 };
  if (call.headers["if-none-match"] === quoted(there)) return { status: 304 };
  return passes(call, there) ? shown(there) : { status: 412 };
}

/** A page of what the filters let through; its etag changes with each of them. */
function list({ store }: StorePlace, { method, query, headers }: StoreCall): StoreAnswer {
  if (method !== "GET" && method !== "HEAD") return { status: 405, headers: { allow: "GET, HEAD" } };
  const page = listPage(store, query);
  if ("invalid" in page) return invalid(page.invalid, page.detail);
  const { items, etag, nextLink } = page;
  const [match, none] = [headers["if-match"], headers["if-none-match"]];
  if (none !== undefined && (none === "*" || none === etag)) return { status: 304, headers: { etag } };
  if (match !== undefined && match !== "*" && match !== etag) return { status: 412 };
  const link = nextLink === undefined ? {} : { link: `<${nextLink}>; rel="next"` };
  return {
    status: 200,
    headers: {
      "content-type": "application/vnd.microsoft.appconfig.kvset+json; charset=utf-8",
      etag,
      ...link,
    },
    ...(method === "HEAD"
      ? {}
      : { body: { items, ...(nextLink === undefined ? {} : { "@nextLink": nextLink }) } }),
  };
}

function put(store: FlagStore, call: StoreCall, id: KeyValueId): StoreAnswer {
  const type = call.headers["content-type"]?.split(";")[0]?.trim();
  if (type !== kvType && type !== "application/json") return { status: 415 };
  const draft = draftOf(call.body);
  if (draft === undefined) return invalid("body", "The body is not a key-value.");
  if (Buffer.byteLength(JSON.stringify([id, draft]), "utf8") > keyValueLimit) {
    return problem(413, { type: "too-large", title: "The key-value is too large", name: id.key });
  }
  return shown(store.put(id, draft));
}

function draftOf(body: string): KeyValueDraft | undefined {
  try {
    const { value, content_type, description, tags } = Object(JSON.parse(body));
    const texts = [value, content_type, description];
    return texts.every((text) => text === undefined || text === null || typeof text === "string")
      ? { value, content_type, description, tags: tags ?? {} }
      : undefined;
  } catch {
    return undefined;
  }
}

function lock(store: FlagStore, { method }: StoreCall, id: KeyValueId): StoreAnswer {
  if (method !== "PUT" && method !== "DELETE") return { status: 405, headers: { allow: "PUT, DELETE" } };
  const there = store.lock(id, method === "PUT");
  return there === undefined ? { status: 404 } : shown(there);
}

/** If-Match and If-None-Match; without both there is no condition. */
function passes({ headers, method }: StoreCall, there: KeyValue | undefined): boolean {
  const [match, none] = [headers["if-match"], headers["if-none-match"]];
  if (match !== undefined && !fits(match, there)) return false;
  return none === undefined || method === "GET" || !fits(none, there);
}

function fits(condition: string, there: KeyValue | undefined): boolean {
  if (there === undefined) return false;
  return condition.replaceAll('"', "") === "*" || condition === quoted(there);
}

function quoted({ etag }: KeyValue): string {
  return `"${etag}"`;
}

function shown(there: KeyValue): StoreAnswer {
  const headers = {
    "content-type": `${kvType}; charset=utf-8`,
    etag: quoted(there),
    "last-modified": new Date(there.last_modified).toUTCString(),
  };
  return { status: 200, body: there, headers };
}

function refuseVersion({ query, path }: StoreCall): StoreAnswer | undefined {
  const asked = query.get("api-version");
  if (asked === null) return invalid("api-version", "An API version is required, but was not specified.");
  if (versions.includes(asked)) return undefined;
  return invalid(
    "api-version",
    `The HTTP resource that matches the request URI '${path}' does not support the API version '${asked}'.`,
  );
}

function lockedBy(key: string): StoreAnswer {
  const detail = "The key is read-only. To allow modification unlock it first.";
  return problem(409, {
    type: "key-locked",
    title: `Modifing key '${key}' is not allowed`,
    name: key,
    detail,
  });
}

function invalid(name: string, detail: string): StoreAnswer {
  return problem(400, {
    type: "invalid-argument",
    title: `Invalid request parameter '${name}'`,
    name,
    detail,
  });
}

/** An error in the store's own form. */
export function problem(status: number, { type, ...more }: Readonly<Record<string, string>>): StoreAnswer {
  return {
    status,
    headers: { "content-type": "application/problem+json; charset=utf-8" },
    body: { type: `https://azconfig.io/errors/${type}`, ...more, status },
  };
}
