import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { stableJson } from "../../../src/lib/stable-json.ts";
import { plainArgs, policy, register } from "./node-pool-world.ts";

const folder = resolve(import.meta.dirname, "../../golden/node-pools");
const steps = ["install", "pool-system", "pool-work", "revert", "settle"];
const mover = "pulumi-nodejs:dynamic/rollouts:NodePoolRelease";

async function graphAt(step: string): Promise<Record<string, Record<string, unknown>>> {
  const { resources } = await register(step);
  return Object.fromEntries(
    resources.map(({ type, name, inputs }) => {
      const { __provider: _source, ...plain } = inputs;
      return [`${type} ${name}`, plain];
    }),
  );
}

function pools(graph: Record<string, Record<string, unknown>>): readonly string[] {
  return Object.keys(graph).flatMap((key) => /AgentPool atp-nodes-(.+)$/.exec(key)?.[1] ?? []);
}

describe("NodePoolRollout", () => {
  test.each(steps)("what it registers at %s", async (step) => {
    await expect(`${stableJson(await graphAt(step), 2)}\n`).toMatchFileSnapshot(join(folder, `${step}.json`));
  });

  test("no golden is left over", () => {
    expect(readdirSync(folder).toSorted()).toEqual(steps.map((step) => `${step}.json`).toSorted());
  });

  test("new nodes come pool by pool beside the old ones, which go at settle alone", async () => {
    const named: (readonly string[])[] = [];
    for (const step of steps) named.push(pools(await graphAt(step)));
    const [install = [], system = [], work = [], revert = [], settle = []] = named;
    expect(install).toEqual(["system0ld0", "work0ld0"]);
    expect(system).toHaveLength(3);
    expect(system).toEqual(expect.arrayContaining([...install]));
    expect(work).toHaveLength(4);
    expect(revert).toEqual(work);
    expect([...settle, ...install].toSorted()).toEqual(work.toSorted());
    for (const name of work) expect(name).toMatch(/^[a-z][a-z0-9]{0,11}$/);
  });

  test("each pool is served by the version whose turn it was; on the way back by the old one, at once", async () => {
    const served = async (step: string) => {
      const graph = await graphAt(step);
      return policy.pools.map((pool) => {
        const { kubernetesVersion, back } = graph[`${mover} atp-nodes-${pool}`] ?? {};
        return `${kubernetesVersion}${back === true ? " back" : ""}`;
      });
    };
    expect(await served("install")).toEqual(["1.33.5", "1.33.5"]);
    expect(await served("pool-system")).toEqual(["1.34.2", "1.33.5"]);
    expect(await served("pool-work")).toEqual(["1.34.2", "1.34.2"]);
    expect(await served("revert")).toEqual(["1.33.5 back", "1.33.5 back"]);
    expect(await served("settle")).toEqual(["1.34.2", "1.34.2"]);
  });

  test("an autoscaler may not let go of nodes that a way back needs, and its count is its own", async () => {
    const least = async (step: string) => {
      const graph = await graphAt(step);
      return Object.entries(graph).flatMap(
        ([key, { minCount }]) => (key.includes("-work") && minCount) || [],
      );
    };
    expect(await least("install")).toEqual([3]);
    expect(await least("pool-work")).toEqual([4, 4]);
    expect(await least("settle")).toEqual([3]);
    const { ignored } = await register("install");
    expect([ignored["atp-nodes-work0ld0"], ignored["atp-nodes-system0ld0"]]).toEqual([["count"], []]);
  });

  test("the release is carried by what moves the pods", async () => {
    expect((await register("pool-work")).tracked).toBe(2);
  });

  test("a node image is part of the version", async () => {
    const { resources } = await register("settle", { version: "1.34.2-202511.06.0" });
    const work = resources.find(({ type, name }) => type === mover && name === "atp-nodes-work");
    expect(work?.inputs).toMatchObject({ kubernetesVersion: "1.34.2", nodeImage: "202511.06.0" });
  });

  test("a transform sees every pool", async () => {
    const transform = { agentPool: (args: object, pool: string) => ({ ...args, tags: { pool } }) };
    const { resources } = await register("pool-system", { args: { transform: transform as never } });
    const tags = resources
      .filter(({ type }) => type.endsWith(":AgentPool"))
      .map(({ inputs }) => inputs["tags"]);
    expect(tags).toEqual([{ pool: "system" }, { pool: "system" }, { pool: "work" }]);
  });

  const { system, work } = plainArgs.pools as Required<typeof plainArgs.pools>;
  test.each([
    ["no whole version", { version: "1.34" }, ["atp-nodes.version"]],
    [
      "every problem at once",
      { args: { pools: { work: { vmSize: "", nodes: 0 } } } },
      ["atp-nodes.pools.work.vmSize", "atp-nodes.pools.work.nodes"],
    ],
    ["a name too long for Azure", { args: { pools: { ingestion: work } } }, ["atp-nodes.pools.ingestion"]],
    ["a policy without pools", { policy: null }, ["rollout.lever"]],
    [
      "other pools than the policy's",
      { args: { pools: { system, gpu: work } } },
      ["atp-nodes.pools.work", "rollout.lever.pools"],
    ],
  ] as const)("is refused: %s", async (_why, options, paths) => {
    const error = await register("install", options as never).catch((failure: unknown) => failure);
    const found = Object(error).issues?.map(({ path }: { path: string }) => path) ?? [];
    expect(found.length === 0 ? [Object(error).path] : found).toEqual(paths);
  });

  test("is refused where the new version would take the old one's place", async () => {
    const named = { work: { ...work, azureName: "work0ld0" }, system };
    const error = await register("pool-system", { args: { pools: named } as never }).catch(
      (failure: unknown) => failure,
    );
    // At the fake's older version every pool is named <pool>0ld0: the candidate now has that name too.
    expect(Object(error).issues).toEqual([
      expect.objectContaining({
        path: "atp-nodes.pools.work.azureName",
        rule: expect.stringContaining("1.33.5"),
      }),
    ]);
  });
});
