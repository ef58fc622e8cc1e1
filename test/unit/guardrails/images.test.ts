import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestImages } from "../../../policy-packs/rollout-guardrails/policies/digest-images.ts";
import { pinnedImages } from "../../../policy-packs/rollout-guardrails/policies/pinned-images.ts";
import { type AResource, checkResource, unknown } from "../../support/guardrails.ts";
import { aStack, withProps } from "../../support/guardrails-objects.ts";
import { type ProjectFolder, projectFolder } from "../../support/stack-config.ts";
import { validConfig } from "../config/valid-config.ts";

const image = "spec template spec containers 0 image";
const digest = `sha256:${"0f".repeat(32)}`;
const withImage = (text: unknown) => withProps(aStack()["deployment"], { [image]: text });

const slots = (production: string): AResource => ({
  type: "pulumi-nodejs:dynamic/rollouts:SlotRelease",
  parent: "rollouts:index:BlueGreenApp",
  props: { production: { linuxFxVersion: production } },
});

describe("pinned-images", () => {
  it.each(["r/api:1.2.4", "localhost:5000/api:1.2.4", `r/api@${digest}`, `r/api:latest@${digest}`, "api:1"])(
    "lets %s pass",
    async (text) => {
      expect(await checkResource(pinnedImages, withImage(text))).toEqual([]);
    },
  );

  it.each([
    ["r/api", "has no tag"],
    ["localhost:5000/api", "has no tag"],
    ["r/api:", "has no tag"],
    ["r/api@sha256:short", "has no tag"],
    [undefined, "has no tag"],
    ["r/api:latest", "has a tag that moves"],
    ["r/api:LATEST", "has a tag that moves"],
  ])("finds %s", async (text, what) => {
    const found = await checkResource(pinnedImages, withImage(text));
    expect(found).toEqual([expect.stringContaining(`containers[0].image ${what}`)]);
    expect(found[0]).toContain("Name the version");
  });

  it("looks at containers that run first, too", async () => {
    const one = withProps(aStack()["deployment"], {
      "spec template spec initContainers": [{ image: "r/init" }],
    });
    expect(await checkResource(pinnedImages, one)).toEqual([
      expect.stringContaining("spec.template.spec.initContainers[0].image has no tag"),
    ]);
  });

  it("reads App Service's too", async () => {
    expect(await checkResource(pinnedImages, slots("DOCKER|r/api:1.2.4"))).toEqual([]);
    expect(await checkResource(pinnedImages, slots("NODE|24-lts"))).toEqual([]);
    expect(await checkResource(pinnedImages, slots("DOCKER|r/api"))).toEqual([
      expect.stringContaining("production.linuxFxVersion has no tag"),
    ]);
    const app = {
      type: "azure-native:web:WebApp",
      props: { siteConfig: { linuxFxVersion: "docker|r/api:latest" } },
    };
    expect(await checkResource(pinnedImages, app)).toEqual([
      expect.stringContaining("siteConfig.linuxFxVersion"),
    ]);
  });

  it("finds what a preview doesn't know", async () => {
    expect(await checkResource(pinnedImages, withImage(unknown.string))).toEqual([
      expect.stringContaining("image is not known"),
    ]);
  });

  it("goes by its parameters", async () => {
    const moving = { moving: ["latest", "main"] };
    expect(await checkResource(pinnedImages, withImage("r/api:main"))).toEqual([]);
    expect(await checkResource(pinnedImages, withImage("r/api:main"), moving)).toHaveLength(1);
  });
});

describe("digest-images", () => {
  let folder: ProjectFolder;
  beforeEach(() => {
    folder = projectFolder();
    folder.write(validConfig);
  });
  afterEach(() => folder.remove());

  it("advises a digest, and not more than that", async () => {
    expect(digestImages.enforcementLevel).toBe("advisory");
    expect(await checkResource(digestImages, withImage(`r/api@${digest}`))).toEqual([]);
    expect(await checkResource(digestImages, withImage(`r/api:1.2.4@${digest}`))).toEqual([]);
    expect(await checkResource(digestImages, withImage("r/api:1.2.4"))).toEqual([
      expect.stringContaining("image is named by no digest"),
    ]);
  });

  it.each([
    ["production", 1],
    ["hotfix", 1],
    ["staging", 0],
    ["test", 0],
    ["development", 0],
  ])("the preset %s: %i", async (preset, count) => {
    folder.write({ ...validConfig, preset });
    expect(await checkResource(digestImages, withImage("r/api:1.2.4"))).toHaveLength(count);
    const parameters = { presets: ["test"] };
    const asked = await checkResource(digestImages, withImage("r/api:1.2.4"), parameters);
    expect(asked).toHaveLength(preset === "test" ? 1 : 0);
  });

  it("says it where nobody knows what stack it is", async () => {
    folder.write({ preset: "of its own" });
    expect(await checkResource(digestImages, withImage("r/api:1.2.4"))).toHaveLength(1);
  });

  it("finds what a preview doesn't know", async () => {
    expect(await checkResource(digestImages, withImage(unknown.string))).toEqual([
      expect.stringContaining("image is not known"),
    ]);
  });
});
