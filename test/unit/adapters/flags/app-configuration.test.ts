import { parseFeatureFlag } from "@azure/app-configuration";
import { describe, expect, it, onTestFinished } from "vitest";
import { openAppConfiguration } from "../../../../src/adapters/flags/app-configuration.ts";
import { changeFlag } from "../../../../src/adapters/flags/change-flag.ts";
import { parseFlag, printFlag } from "../../../../src/plan/flag-json.ts";
import {
  flagContentType,
  flagKey,
  newFlag,
  withEnabled,
  withPhase,
} from "../../../../src/plan/flag-value.ts";
import type { FlagContent, FlagReading } from "../../../../src/ports/flags.ts";
import { absentFlag } from "../../../../src/ports/flags.ts";
import { flagStorePauseMs, flagStoreToken, startFlagStore } from "../../../../src/sandbox/flags/server.ts";
import { flagId, startFlagsWorld } from "../../../support/flags-world.ts";

const clock = { sleep: async () => {} };
const value = JSON.stringify({
  ...withPhase(newFlag({ id: flagId }), { users: ["tenant-0001"], percentage: 10 }),
  variants: [{ name: "sha512", configuration_value: 1 }],
  telemetry: { enabled: true },
});
const content: FlagContent = { value, contentType: flagContentType, tags: { team: "audit" } };

/** The emergency switch, as a change of whatever stands there. */
const off = (there: FlagReading | undefined): FlagContent | undefined => {
  if (there === undefined) return undefined;
  const flag = parseFlag(there.value);
  const meant = withEnabled(flag, false);
  return meant === flag ? undefined : { ...there, value: printFlag(meant, there.value) };
};

describe("a flag switched off", () => {
  it("keeps what somebody else changed in the same moment: variants, audience, tags, description", async () => {
    const { server, flags, put } = await startFlagsWorld({ label: "prod" });
    put(content);
    const theirs = {
      ...parseFlag(value),
      variants: [{ name: "theirs", configuration_value: { a: 12 } }],
      x_team: "theirs",
    };
    server.beforeNextWrite(() =>
      put({
        value: printFlag(theirs),
        contentType: flagContentType,
        tags: { team: "theirs" },
        description: "theirs",
      }),
    );
    expect(await changeFlag(flags, off, { clock })).toMatchObject({ written: true, attempts: 2 });
    const after = server.store.get({ key: flagKey(flagId), label: "prod" });
    expect(JSON.parse(after?.value ?? "")).toEqual({ ...theirs, enabled: false });
    expect(after).toMatchObject({
      content_type: flagContentType,
      tags: { team: "theirs" },
      description: "theirs",
      label: "prod",
    });
    expect(server.store.get({ key: flagKey(flagId) })).toBeUndefined();
    expect(server.calls.map((call) => call.split(" ")[0])).toEqual(["GET", "PUT", "GET", "PUT"]);
  });

  it("keeps more than the SDK's own form of a flag would", () => {
    const setting = { key: flagKey(flagId), value, contentType: flagContentType, isReadOnly: false };
    // Why the value is changed as text: what the SDK would write back has neither variants nor telemetry.
    expect(Object.keys(parseFeatureFlag(setting).value)).not.toContain("variants");
    expect(Object.keys(parseFeatureFlag(setting).value)).not.toContain("telemetry");
  });

  it("is written once where the answer was lost", async () => {
    const { server, flags, put } = await startFlagsWorld();
    put(content);
    const before = server.store.version;
    server.faults.lostResponses = 1;
    expect(await changeFlag(flags, off, { clock })).toMatchObject({ written: true, attempts: 2 });
    expect(server.store.version).toBe(before + 1);
    expect(server.calls.filter((call) => call.startsWith("PUT"))).toHaveLength(1);
  });

  it.each(["lostRequests", "serverErrors"] as const)("is written after %s of the write", async (fault) => {
    const { server, flags, put } = await startFlagsWorld();
    put(content);
    const there = await flags.read();
    server.faults[fault] = 1;
    expect(await flags.write(content, { ifMatch: there?.etag ?? "" })).toMatchObject({ status: "unknown" });
    expect((await changeFlag(flags, off, { clock })).written).toBe(true);
    expect(JSON.parse((await flags.read())?.value ?? "").enabled).toBe(false);
  });

  it("sees its own writes where caches are behind", async () => {
    const { server, flags, put } = await startFlagsWorld();
    put(content);
    server.faults.stale = true;
    await flags.read();
    await changeFlag(flags, off, { clock });
    expect(JSON.parse((await flags.read())?.value ?? "").enabled).toBe(false);
    expect(await changeFlag(flags, off, { clock })).toMatchObject({ written: false, attempts: 1 });
  });
});

describe("a store that says wait", () => {
  it("is read after as long as it asks for", async () => {
    const { server, flags, put, slept } = await startFlagsWorld();
    put(content);
    server.faults.throttles = 2;
    expect((await flags.read())?.value).toBe(value);
    expect(slept).toEqual([flagStorePauseMs, flagStorePauseMs]);
  });

  it("is not written to a second time by itself", async () => {
    const { server, flags, put } = await startFlagsWorld();
    put(content);
    const there = await flags.read();
    server.faults.throttles = 1;
    expect(await flags.write(content, { ifMatch: there?.etag ?? "" })).toEqual({
      status: "throttled",
      retryAfterMs: flagStorePauseMs,
    });
    expect(server.calls.filter((call) => call.startsWith("PUT"))).toHaveLength(1);
  });

  it("is given up on after four reads", async () => {
    const { server, flags, slept } = await startFlagsWorld();
    server.faults.serverErrors = 4;
    await expect(flags.read()).rejects.toMatchObject({
      code: "flag-store",
      exit: "resource",
      message: `${flagKey(flagId)} could not be read: HTTP 503.`,
    });
    expect(slept).toEqual([250, 250, 250]);
  });
});

describe("a refusal", () => {
  it.each([
    ["a token that isn't taken", { token: "planted-wrong-token" }, false, "HTTP 401"],
    ["an identity without a right", {}, true, "HTTP 403"],
  ])("of %s is an error of signing in that names key, label and status", async (_, options, denied, said) => {
    const { server, flags } = await startFlagsWorld({ ...options, label: "prod" });
    server.faults.denied = denied;
    const refused = { code: "flag-denied", exit: "auth", message: expect.stringContaining(said) };
    const name = `${flagKey(flagId)} (prod)`;
    await expect(flags.read()).rejects.toMatchObject(refused);
    await expect(flags.write(content, { ifMatch: absentFlag })).rejects.toMatchObject(refused);
    const error = await flags.read().catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(name);
    expect(JSON.stringify(error) + String(error)).not.toContain("planted");
    expect(server.calls).toHaveLength(3);
  });

  it("of a value that is too large tells nothing of it", async () => {
    const { flags } = await startFlagsWorld();
    const large = {
      ...content,
      value: JSON.stringify({ id: flagId, description: "planted ".repeat(1_400) }),
    };
    const error = await flags.write(large, { ifMatch: absentFlag }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "flag-store", message: expect.stringContaining("HTTP 413") });
    expect(String(error)).not.toContain("planted");
  });

  it("of a version of the API is one of the store", async () => {
    const { flags } = await startFlagsWorld({ apiVersion: "2031-01-01" });
    await expect(flags.read()).rejects.toMatchObject({ message: expect.stringContaining("HTTP 400") });
    const old = await startFlagsWorld({ apiVersion: "2024-09-01" });
    expect(await old.flags.read()).toBeUndefined();
  });

  it("to give a token tells nothing of why, which may name secrets, and nobody is asked", async () => {
    const { server } = await startFlagsWorld();
    const refuse = async (name: string) => {
      throw Object.assign(new Error("planted"), { name });
    };
    const failure = async (name: string) => {
      const credential = { getToken: () => refuse(name) };
      const flags = await openAppConfiguration({ endpoint: server.endpoint, flagId, credential, clock });
      return flags.read().catch((thrown: unknown) => Object(thrown));
    };
    const unavailable = await failure("CredentialUnavailableError");
    expect(unavailable).toMatchObject({ code: "flag-denied", exit: "auth" });
    expect(unavailable.message).toContain("CredentialUnavailableError");
    const other = await failure("Error");
    expect(other).toMatchObject({ code: "flag-store" });
    expect(unavailable.message + other.message).not.toContain("planted");
    expect(server.calls).toEqual([]);
  });

  it("to answer at all is named by its code", async () => {
    const { server, flags, slept } = await startFlagsWorld();
    await server.close();
    await expect(flags.read()).rejects.toMatchObject({
      message: `${flagKey(flagId)} could not be read: ECONNREFUSED.`,
    });
    expect(slept).toHaveLength(3);
  });

  it("of its certificate is none where the store's own is given", async () => {
    const server = await startFlagStore({ now: () => 0 });
    onTestFinished(() => server.close());
    const getToken = async () => ({ token: flagStoreToken, expiresOnTimestamp: Date.now() + 3_600_000 });
    const place = { endpoint: server.endpoint, flagId, credential: { getToken }, clock };
    const trusting = await openAppConfiguration({ ...place, ca: server.cert });
    expect(await trusting.read()).toBeUndefined();
    expect(await trusting.write(content, { ifMatch: absentFlag })).toMatchObject({ status: "ok" });
    expect(await trusting.read()).toMatchObject({ value });
    // The trust is that client's, and nobody else's.
    const others = await openAppConfiguration(place);
    await expect(others.read()).rejects.toMatchObject({ code: "flag-store" });
  });

  it("of an id comes before anybody is asked", async () => {
    const credential = { getToken: async () => null };
    await expect(
      openAppConfiguration({ endpoint: "https://127.0.0.1:1", flagId: "a:b", credential, clock }),
    ).rejects.toMatchObject({ code: "flag-id" });
  });
});
