import { describe, expect, it } from "vitest";
import { answerStore, type StoreAnswer } from "../../../src/sandbox/flags/routes.ts";
import { createFlagStore, type FlagStore } from "../../../src/sandbox/flags/store.ts";

const now = () => Date.UTC(2026, 0, 15, 10);

function list(
  store: FlagStore,
  query: Record<string, string>,
  headers: Record<string, string> = {},
  method = "GET",
): StoreAnswer & { readonly keys: readonly string[] } {
  const params = new URLSearchParams({ "api-version": "2024-09-01", ...query });
  const answer = answerStore(
    { store, stale: false },
    { method, path: "/kv", query: params, headers, body: "" },
  );
  const items: readonly Record<string, unknown>[] = Object(answer.body).items ?? [];
  return {
    ...answer,
    keys: items.map(({ key, label }) => (label === null ? String(key) : `${key}:${label}`)),
  };
}

function filled(): FlagStore {
  const store = createFlagStore(now);
  store.put({ key: ".appconfig.featureflag/b" }, { value: "b" });
  store.put({ key: ".appconfig.featureflag/a", label: "prod" }, { value: "a" });
  store.put({ key: ".appconfig.featureflag/a" }, { value: "a" });
  store.put({ key: "a,b", label: "test" }, { value: "comma" });
  store.put({ key: "star*", label: "prod" }, { value: "star" });
  return store;
}

describe("GET /kv", () => {
  it.each<readonly [Record<string, string>, readonly string[]]>([
    [
      {},
      [
        ".appconfig.featureflag/a",
        ".appconfig.featureflag/a:prod",
        ".appconfig.featureflag/b",
        "a,b:test",
        "star*:prod",
      ],
    ],
    [
      { key: "*", label: "*" },
      [
        ".appconfig.featureflag/a",
        ".appconfig.featureflag/a:prod",
        ".appconfig.featureflag/b",
        "a,b:test",
        "star*:prod",
      ],
    ],
    [
      { key: ".appconfig.featureflag/*" },
      [".appconfig.featureflag/a", ".appconfig.featureflag/a:prod", ".appconfig.featureflag/b"],
    ],
    [{ key: ".appconfig.featureflag/*", label: "prod" }, [".appconfig.featureflag/a:prod"]],
    [{ label: "\0" }, [".appconfig.featureflag/a", ".appconfig.featureflag/b"]],
    [{ label: "prod,test" }, [".appconfig.featureflag/a:prod", "a,b:test", "star*:prod"]],
    [{ label: "t*" }, ["a,b:test"]],
    [{ key: "a\\,b" }, ["a,b:test"]],
    [{ key: "star\\*" }, ["star*:prod"]],
    [{ key: "nothing" }, []],
  ])("filters by %j", (query, keys) => {
    expect(list(filled(), query)).toMatchObject({ status: 200, keys });
  });

  it.each<readonly [Record<string, string>, string, string]>([
    [{ key: "a*b" }, "key", "key(2): Invalid character"],
    [{ key: "*b" }, "key", "key(1): Invalid character"],
    [{ label: "a,b*" }, "label", "label(4): Invalid character"],
    [{ key: "1,2,3,4,5,6" }, "key", "key: more than 5 values"],
    [{ $Select: "key,colour" }, "$Select", "$Select: colour is no field"],
  ])("refuses %j", (query, name, detail) => {
    expect(list(filled(), query)).toMatchObject({ status: 400, body: { name, detail } });
  });

  it("gives the fields that are asked for", () => {
    const { body } = list(filled(), { key: "a\\,b", $Select: "key,value" });
    expect(body).toEqual({ items: [{ key: "a,b", value: "comma" }] });
  });

  it("answers 304 while a page is as it was, and 200 once a flag of it is written or gone", () => {
    const store = filled();
    const query = { key: ".appconfig.featureflag/*" };
    const etag = list(store, query).headers?.["etag"] ?? "";
    expect(list(store, query, { "if-none-match": etag })).toMatchObject({ status: 304, headers: { etag } });
    expect(list(store, query, { "if-none-match": etag }, "HEAD")).toMatchObject({ status: 304 });
    store.put({ key: "another" }, { value: "x" });
    expect(list(store, query, { "if-none-match": etag }).status).toBe(304);
    store.put({ key: ".appconfig.featureflag/a" }, { value: "a" });
    const changed = list(store, query, { "if-none-match": etag });
    expect(changed.status).toBe(200);
    expect(list(store, query, { "if-match": etag }).status).toBe(412);
    store.delete({ key: ".appconfig.featureflag/a" });
    expect(list(store, query, { "if-none-match": changed.headers?.["etag"] ?? "" }).status).toBe(200);
  });

  it("has no body for HEAD, and no other methods", () => {
    const head = list(filled(), {}, {}, "HEAD");
    expect(head.status).toBe(200);
    expect(head).not.toHaveProperty("body");
    expect(list(filled(), {}, {}, "PUT").status).toBe(405);
  });

  it("goes in pages of 100, each once, also where what the link names is gone by then", () => {
    const store = createFlagStore(now);
    for (let at = 0; at < 250; at++) store.put({ key: `k${String(at).padStart(3, "0")}` }, { value: "" });
    const first = list(store, { key: "k*" });
    expect(first.keys).toHaveLength(100);
    store.delete({ key: "k099" });
    const seen = [...first.keys];
    for (let link = Object(first.body)["@nextLink"]; link !== undefined; ) {
      const page = list(store, Object.fromEntries(new URL(link, "https://store").searchParams));
      expect(page.keys.length).toBeLessThanOrEqual(100);
      seen.push(...page.keys);
      link = Object(page.body)["@nextLink"];
      if (link !== undefined) expect(page.headers?.["link"]).toBe(`<${link}>; rel="next"`);
    }
    expect(seen).toHaveLength(250);
    expect(new Set(seen).size).toBe(250);
  });
});
