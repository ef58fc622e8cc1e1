import { describe, expect, it } from "vitest";
import { azureTags } from "../../../policy-packs/rollout-guardrails/policies/azure-tags.ts";
import { checkResource, unknown } from "../../support/guardrails.ts";

const planted = "hunter2-hunter2";
const tags = { owner: planted, service: planted, environment: planted };
const check = (
  props: Record<string, unknown>,
  config: object = {},
  parent: string | null = "rollouts:index:RolloutAlerts",
) => checkResource(azureTags, { type: "azure-native:monitor:ActionGroup", props, parent }, config);

describe("azure-tags", () => {
  it("lets pass who names owner, service and environment, in whatever case", async () => {
    expect(await check({ tags })).toEqual([]);
    expect(await check({ tags: { Owner: unknown.string, SERVICE: "", environment: "", more: "" } })).toEqual(
      [],
    );
  });

  it.each(["owner", "service", "environment"])("says that %s is missing", async (name) => {
    const { [name]: _, ...others } = tags as Record<string, string>;
    expect(await check({ tags: others })).toEqual([
      `it has no tag ${name}. Write tags: { ${name} }; components take tags, or a transform.`,
    ]);
  });

  it("says that all are missing", async () => {
    expect(await check({ name: planted })).toEqual([
      expect.stringContaining("it has no tag owner, service, environment."),
    ]);
  });

  it("says that nobody knows them in a preview", async () => {
    expect(await check({ tags: unknown.object })).toEqual([expect.stringContaining("tags is not known")]);
  });

  it("takes other names", async () => {
    expect(await check({ tags: { team: planted } }, { tags: ["team"] })).toEqual([]);
    expect(await check({ tags }, { tags: ["team"] })).toEqual([expect.stringContaining("no tag team")]);
  });

  it("judges a rollout's own, and with everywhere all; never what takes no tags", async () => {
    expect(await check({}, {}, null)).toEqual([]);
    expect(await check({}, { everywhere: true }, null)).toHaveLength(1);
    const type = "azure-native:web:WebAppSlotConfigurationNames";
    expect(await checkResource(azureTags, { type, props: {} }, { everywhere: true })).toEqual([]);
  });
});
