import { expect, it } from "vitest";
import { normalizeConfig } from "../../../src/config/normalize.ts";
import { validConfig } from "./valid-config.ts";

it("who is called for corruption and compliance, and their channels", () => {
  const written = {
    ...validConfig,
    communication: { security: "@sam", compliance: "@kim" },
    notify: [
      { kind: "log", for: "security" },
      { kind: "log", for: "compliance" },
    ],
  };
  const { policy } = normalizeConfig({ written, stack: "prod" }) as Extract<
    ReturnType<typeof normalizeConfig>,
    { readonly policy: unknown }
  >;
  expect(policy.communication).toMatchObject({ security: "@sam", compliance: "@kim" });
  expect(policy.notify.map((channel) => channel.for)).toEqual(["security", "compliance"]);
});

it("another name is no channel's", () => {
  const written = { ...validConfig, notify: [{ kind: "log", for: "legal" }] };
  expect(normalizeConfig({ written, stack: "prod" })).toMatchObject({
    issues: [{ path: "rollout.notify[0].for", rule: expect.stringContaining("security, compliance") }],
  });
});
