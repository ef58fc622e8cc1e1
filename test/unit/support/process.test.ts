import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freePorts, startProcess, waitUntil } from "../../support/process.ts";

const dir = mkdtempSync(join(tmpdir(), "process-test-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const shell = (name: string, script: string) =>
  startProcess({ name, command: "/bin/sh", args: ["-c", script], dir });

describe("a part that is started for a test", () => {
  it("fails the wait for it at once when it ends, with its last lines", async () => {
    const part = shell("broken", "echo 'bad flag' >&2; exit 3");
    const wait = waitUntil({ what: "the part", timeoutMs: 10_000, of: part, ready: async () => false });
    await expect(wait).rejects.toThrow(/the part isn't ready, broken has ended[\s\S]*bad flag/);
  });

  it("is ended by stop, even when it ignores SIGTERM", async () => {
    const part = shell("stubborn", "trap '' TERM; echo up; while :; do sleep 0.1; done");
    await waitUntil({ what: "it", timeoutMs: 2_000, of: part, ready: async () => part.tail() === "up" });
    await part.stop(200);
    expect(part.alive()).toBe(false);
    expect(() => process.kill(part.pid, 0)).toThrow("ESRCH");
    await part.stop();
  });

  it("says which program can't be started", async () => {
    const part = startProcess({ name: "absent", command: join(dir, "nothing"), args: [], dir });
    const wait = waitUntil({ what: "it", timeoutMs: 2_000, of: part, ready: async () => false });
    await expect(wait).rejects.toThrow("ENOENT");
    await part.stop();
  });

  it("times out with the last reason", async () => {
    const ready = async (): Promise<boolean> => {
      throw new Error("connection refused");
    };
    const wait = waitUntil({ what: "the server", timeoutMs: 100, ready });
    await expect(wait).rejects.toThrow("the server isn't ready, not within 0.1 s: connection refused");
  });

  it("gets ports that differ", async () => {
    const ports = await freePorts(20);
    expect(new Set(ports).size).toBe(20);
  });
});
