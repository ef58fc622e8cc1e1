import { describe, expect, it } from "vitest";
import { labels } from "../../../policy-packs/rollout-guardrails/policies/labels.ts";
import { checkResource, unknown } from "../../support/guardrails.ts";
import { aStack, withProps } from "../../support/guardrails-objects.ts";

const base = aStack()["deployment"];

describe("labels", () => {
  const owned = withProps(base, {
    "metadata labels": { app: "api", version: "stable", owner: "a", service: "api", environment: "prod" },
  });

  it("is advice", () => expect(labels.enforcementLevel).toBe("advisory"));

  it("lets a Deployment that says whose it is pass", async () => {
    expect(await checkResource(labels, owned)).toEqual([]);
  });

  it.each(["app", "owner", "service", "environment"])("finds a Deployment without %s", async (name) => {
    const lacking = [undefined, ""].map((value) => withProps(owned, { [`metadata labels ${name}`]: value }));
    for (const one of lacking)
      expect(await checkResource(labels, one)).toEqual([
        expect.stringContaining(`metadata.labels lacks ${name}.`),
      ]);
  });

  it.each(["app", "version"])("finds pods without %s", async (name) => {
    const one = withProps(owned, { [`spec template metadata labels ${name}`]: undefined });
    expect(await checkResource(labels, one)).toEqual([
      expect.stringContaining(`spec.template.metadata.labels lacks ${name}.`),
    ]);
  });

  it("asks Services for the object's alone", async () => {
    expect(await checkResource(labels, { ...owned, type: "kubernetes:core/v1:Service" })).toEqual([]);
    expect(await checkResource(labels, aStack()["service"] ?? owned)).toEqual([
      expect.stringContaining("metadata.labels lacks owner, service, environment."),
    ]);
  });

  it("finds what a preview doesn't know, and goes by its parameters", async () => {
    const promised = withProps(owned, { "metadata labels owner": unknown.string });
    expect(await checkResource(labels, promised)).toEqual([expect.stringContaining("owner is not known")]);
    expect(await checkResource(labels, withProps(base, {}), { labels: ["app"] })).toEqual([]);
    expect(await checkResource(labels, owned, { labels: ["cost-center"] })).toHaveLength(1);
  });
});
