import { describe, expect, it } from "vitest";
import { diffInputs } from "../../../src/sandbox/diff.ts";
import type { Manifest } from "../../../src/sandbox/manifest.ts";
import { deployment, names, route } from "./world.ts";

const named = (name: string, more: Manifest = {}): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  ...more,
});
const labelled = (labels: Manifest): Manifest => ({ ...route(100), metadata: { name: names.route, labels } });

const cases: readonly [string, Manifest, Manifest, readonly string[], boolean][] = [
  ["nothing", route(80, 20), route(80, 20), [], false],
  [
    "the order of keys",
    { ...named("a"), data: { x: "1", y: "2" } },
    { data: { y: "2", x: "1" }, ...named("a") },
    [],
    false,
  ],
  [
    "weights: an update in place",
    route(95, 5),
    route(80, 20),
    ["spec.rules[0].backendRefs[0].weight", "spec.rules[0].backendRefs[1].weight"],
    false,
  ],
  ["a backend more", route(100), route(100, 0), ["spec.rules[0].backendRefs[1]"], false],
  [
    "a label: never a replacement",
    labelled({ "app.io/x": "1" }),
    labelled({ "app.io/x": "2" }),
    ['metadata.labels["app.io/x"]'],
    false,
  ],
  [
    "an image",
    deployment("stable"),
    deployment("stable", { image: "b" }),
    ["spec.template.spec.containers[0].image"],
    false,
  ],
  ["a name: another object", named("a"), named("b"), ["metadata.name"], true],
  [
    "a ConfigMap's data: the provider takes them for immutable",
    named("a", { data: { x: "1" } }),
    named("a", { data: { x: "2" } }),
    ["data.x"],
    true,
  ],
];

describe("diffInputs", () => {
  it.each(cases)("%s", (_reason, before, after, paths, replaces) => {
    const { changes } = diffInputs(before, after);
    expect(changes.map((change) => change.path)).toEqual(paths);
    expect(changes.some((change) => change.replaces)).toBe(replaces);
  });

  it("deletes first only where the new object has the old name", () => {
    expect(diffInputs(named("a"), named("b")).deleteBeforeReplace).toBe(false);
    expect(diffInputs(named("a", { data: { x: "1" } }), named("a", { data: {} })).deleteBeforeReplace).toBe(
      true,
    );
  });

  it("an immutable selector makes a new Deployment", () => {
    const { changes } = diffInputs(deployment("stable"), {
      ...deployment("canary"),
      metadata: deployment("stable")["metadata"] as Manifest,
    });
    expect(changes.filter((change) => change.replaces).map((change) => change.path)).toEqual([
      "spec.selector.matchLabels.version",
    ]);
  });
});
