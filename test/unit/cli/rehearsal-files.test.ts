import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { rehearsalFiles } from "../../../src/cli/compose/rehearsal-files.ts";
import { normalizeConfig } from "../../../src/config/normalize.ts";

const dir = mkdtempSync(join(tmpdir(), "rollouts-files-"));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it("a rehearsal's files are the project's: without a step, a backend, an encrypted value or anybody to tell", async () => {
  const secure = { secure: "v1:abc" };
  writeFileSync(
    join(dir, "Pulumi.yaml"),
    stringify({ name: "atp", backend: { url: "s3://state" }, runtime: "nodejs" }),
  );
  const rollout = {
    preset: "development",
    service: "atp-ingestion",
    // A placeholder is no URL: the program would refuse its own config.
    notify: [
      { kind: "slack", webhook: secure },
      { kind: "email", smtp: secure, from: "a@b.example", to: ["c@d.example"] },
    ],
    incident: { kind: "http", url: secure },
  };
  const config = { "atp:version": "1.2.4", "atp:step": "20", "atp:key": secure, "atp:rollout": rollout };
  writeFileSync(join(dir, "Pulumi.prod.yaml"), stringify({ encryptionsalt: "v1:salt", config }));
  const files = await rehearsalFiles({ projectDir: dir, stack: "prod" });
  expect(files["Pulumi.yaml"]).toEqual({ name: "atp", runtime: "nodejs", main: dir });
  const written = parse(stringify(files["Pulumi.prod.yaml"])).config;
  expect(written).toEqual({
    "atp:version": "1.2.4",
    "atp:key": "rehearsal-placeholder",
    "atp:rollout": { preset: "development", service: "atp-ingestion" },
  });
  expect(normalizeConfig({ written: written["atp:rollout"], stack: "prod" })).toHaveProperty("policy");
});
