import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { AppConfigurationClient } from "@azure/app-configuration";
import { describe, expect, it, onTestFinished } from "vitest";
import { answerStore, type StoreCall } from "../../../src/sandbox/flags/routes.ts";
import { flagStoreToken, startFlagStore } from "../../../src/sandbox/flags/server.ts";
import { createFlagStore } from "../../../src/sandbox/flags/store.ts";

const now = () => Date.UTC(2026, 0, 15, 10);
const kv = "application/vnd.microsoft.appconfig.kv+json";

describe("the store by its API", () => {
  const store = createFlagStore(now);
  const call = (method: string, path: string, more: Partial<StoreCall> & { readonly q?: string } = {}) =>
    answerStore(
      { store, stale: false },
      {
        method,
        path,
        query: new URLSearchParams(more.q ?? "api-version=2024-09-01"),
        headers: { "content-type": `${kv}; charset=utf-8`, ...more.headers },
        body: more.body ?? "",
      },
    );
  const put = (value: string, headers: Record<string, string> = {}, q?: string) =>
    call("PUT", "/kv/a/b", { body: JSON.stringify({ value }), headers, ...(q === undefined ? {} : { q }) });

  it("wants a version of the API, one that it has", () => {
    expect(call("GET", "/kv/a/b", { q: "" })).toMatchObject({ status: 400, body: { name: "api-version" } });
    expect(call("GET", "/kv/a/b", { q: "api-version=3" })).toMatchObject({ status: 400 });
  });

  it("takes a key-value of the right type, and only texts in it", () => {
    expect(put("x", { "content-type": "text/plain" }).status).toBe(415);
    expect(call("PUT", "/kv/a/b", { body: '{"value": 1}' }).status).toBe(400);
    expect(call("PUT", "/kv/a/b", { body: "{" }).status).toBe(400);
    expect(put("x".repeat(10_240)).status).toBe(413);
    expect(call("GET", "/kv/a/b").status).toBe(404);
    expect(put("one", { "content-type": "application/json" })).toMatchObject({
      status: 200,
      body: { key: "a/b", value: "one", label: null, content_type: null, locked: false, tags: {} },
      headers: { "content-type": `${kv}; charset=utf-8`, "last-modified": "Thu, 15 Jan 2026 10:00:00 GMT" },
    });
  });

  it("keeps labels apart; %00 and none are the same", () => {
    const version = "api-version=2024-09-01";
    put("none");
    put("prod", {}, `${version}&label=prod`);
    const read = (label: string) => call("GET", "/kv/a/b", { q: `${version}&label=${label}` });
    expect(read("%00").body).toMatchObject({ value: "none" });
    expect(read("").body).toMatchObject({ value: "none" });
    expect(read("prod").body).toMatchObject({ value: "prod", label: "prod" });
    expect(read("dev").status).toBe(404);
    expect(read("pr*").status).toBe(400);
  });

  it("writes under its conditions alone", () => {
    const etag = String(put("one").headers?.["etag"]);
    expect(put("two", { "if-none-match": "*" }).status).toBe(412);
    expect(put("two", { "if-match": '"another"' }).status).toBe(412);
    expect(call("PUT", "/kv/new", { body: "{}", headers: { "if-match": "*" } }).status).toBe(412);
    expect(call("PUT", "/kv/new", { body: "{}", headers: { "if-none-match": "*" } }).status).toBe(200);
    expect(call("GET", "/kv/a/b", { headers: { "if-none-match": etag } }).status).toBe(304);
    expect(call("GET", "/kv/a/b", { headers: { "if-match": '"another"' } }).status).toBe(412);
    expect(call("GET", "/kv/a/b").body).toMatchObject({ value: "one" });
    expect(put("two", { "if-match": etag }).status).toBe(200);
    expect(put("three", { "if-match": etag }).status).toBe(412);
  });

  it("has no other resources and methods", () => {
    for (const path of ["/", "/kv/", "/keys/a"]) expect(call("GET", path).status).toBe(404);
    expect(call("PATCH", "/kv/a/b").status).toBe(405);
    expect(call("GET", "/locks/a/b").status).toBe(405);
    expect(call("PUT", "/locks/nothing").status).toBe(404);
  });
});

describe("the store by the SDK", () => {
  const id = { key: ".appconfig.featureflag/A/b c(d)", label: "prod" };
  const open = async () => {
    const server = await startFlagStore({ now });
    onTestFinished(() => server.close());
    setDefaultCACertificates([...getCACertificates("default"), server.cert]);
    const getToken = async () => ({ token: flagStoreToken, expiresOnTimestamp: Date.now() + 3_600_000 });
    const client = new AppConfigurationClient(
      server.endpoint,
      { getToken },
      { retryOptions: { maxRetries: 0 } },
    );
    return { server, client };
  };

  it("adds, reads, locks, unlocks and deletes, with any key", async () => {
    const { client } = await open();
    const added = await client.addConfigurationSetting({ ...id, value: "one", tags: { a: "b" } });
    await expect(client.addConfigurationSetting({ ...id, value: "two" })).rejects.toMatchObject({
      statusCode: 412,
    });
    expect(await client.getConfigurationSetting(added, { onlyIfChanged: true })).toMatchObject({
      statusCode: 304,
    });
    expect(await client.setReadOnly(id, true)).toMatchObject({ isReadOnly: true, value: "one" });
    await expect(client.setConfigurationSetting({ ...id, value: "two" })).rejects.toMatchObject({
      statusCode: 409,
    });
    await expect(client.deleteConfigurationSetting(id)).rejects.toMatchObject({ statusCode: 409 });
    await client.setReadOnly(id, false);
    await expect(client.deleteConfigurationSetting(added, { onlyIfUnchanged: true })).rejects.toMatchObject({
      statusCode: 412,
    });
    expect(await client.deleteConfigurationSetting(id)).toMatchObject({ statusCode: 200, value: "one" });
    expect(await client.deleteConfigurationSetting(id)).toMatchObject({ statusCode: 204 });
    await expect(client.getConfigurationSetting(id)).rejects.toMatchObject({ statusCode: 404 });
  });

  it("is behind for whoever doesn't bring the token of the last write", async () => {
    const { server, client } = await open();
    server.faults.stale = true;
    await client.setConfigurationSetting({ ...id, value: "one" });
    await client.setConfigurationSetting({ ...id, value: "two" });
    expect((await client.getConfigurationSetting(id)).value).toBe("two");
    const getToken = async () => ({ token: flagStoreToken, expiresOnTimestamp: Date.now() + 3_600_000 });
    const other = new AppConfigurationClient(server.endpoint, { getToken });
    expect((await other.getConfigurationSetting(id)).value).toBe("one");
    // Each answer brings the token.
    expect((await other.getConfigurationSetting(id)).value).toBe("two");
  });
});
