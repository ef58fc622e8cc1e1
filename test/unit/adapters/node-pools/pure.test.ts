import { describe, expect, it } from "vitest";
import { compareKube, kubeText, kubeVersionOf } from "../../../../src/adapters/node-pools/kube-version.ts";
import type { NodePod } from "../../../../src/adapters/node-pools/nodes-api.ts";
import { listed, mustGo, obstaclesTo } from "../../../../src/adapters/node-pools/pods.ts";
import { type LabelSelector, selects } from "../../../../src/adapters/node-pools/selector.ts";
import { surgeOf } from "../../../../src/adapters/node-pools/surge.ts";

const pod = (name: string, more: Partial<NodePod> = {}): NodePod => ({
  ...{ namespace: "prod", name, uid: name, labels: { app: "web" }, owner: "ReplicaSet" },
  ...{ mirror: false, phase: "Running", terminating: false },
  ...more,
});

describe("what has to go from a node", () => {
  it.each<[string, Partial<NodePod>, boolean]>([
    ["a Deployment's pod", {}, true],
    ["a pending one", { phase: "Pending" }, true],
    ["one that is ending: it is still there", { terminating: true }, true],
    ["one of unknown phase", { phase: "Unknown" }, true],
    ["a Job's running pod", { owner: "Job" }, true],
    ["a DaemonSet's pod", { owner: "DaemonSet" }, false],
    ["a static pod", { mirror: true, owner: "Node" }, false],
    ["one that succeeded", { phase: "Succeeded" }, false],
    ["one that failed", { phase: "Failed" }, false],
  ])("%s", (_what, more, expected) => {
    expect(mustGo(pod("web-1", more))).toBe(expected);
  });
});

describe("maxSurge", () => {
  it.each([
    ["1", 6, 1],
    ["2", 6, 2],
    ["9", 6, 6],
    ["0", 6, 1],
    ["33%", 6, 2],
    ["33%", 7, 3],
    ["1%", 6, 1],
    ["0%", 6, 1],
    ["50%", 6, 3],
    ["100%", 6, 6],
    ["200%", 6, 6],
    ["33%", 0, 1],
  ])("%s of %i nodes is %i", (maxSurge, nodes, expected) => {
    expect(surgeOf(maxSurge, nodes)).toBe(expected);
  });

  it.each(["", "two", "-1", "1.5", "33 %", "%"])("refuses %j", (maxSurge) => {
    expect(() => surgeOf(maxSurge, 6)).toThrow(expect.objectContaining({ code: "config-invalid" }));
  });
});

describe("a label selector", () => {
  const labels = { app: "web", tier: "front" };
  const expression = (key: string, operator: string, values?: string[]): LabelSelector => ({
    matchExpressions: [{ key, operator, ...(values ? { values } : {}) }],
  });
  it.each<[string, LabelSelector | undefined, boolean]>([
    ["none selects nothing", undefined, false],
    ["an empty one selects everything", {}, true],
    ["one without conditions too", { matchLabels: {}, matchExpressions: [] }, true],
    ["a label", { matchLabels: { app: "web" } }, true],
    ["another value", { matchLabels: { app: "api" } }, false],
    ["all labels have to match", { matchLabels: { app: "web", tier: "back" } }, false],
    ["In", expression("app", "In", ["api", "web"]), true],
    ["In others", expression("app", "In", ["api"]), false],
    ["In, without the label", expression("zone", "In", ["a"]), false],
    ["NotIn", expression("app", "NotIn", ["api"]), true],
    ["NotIn its own", expression("app", "NotIn", ["web"]), false],
    ["NotIn, without the label", expression("zone", "NotIn", ["a"]), true],
    ["Exists", expression("app", "Exists"), true],
    ["Exists, without the label", expression("zone", "Exists"), false],
    ["DoesNotExist", expression("zone", "DoesNotExist"), true],
    ["DoesNotExist, with the label", expression("app", "DoesNotExist"), false],
    [
      "labels and expressions together",
      { matchLabels: { app: "web" }, ...expression("zone", "Exists") },
      false,
    ],
  ])("%s", (_what, selector, expected) => {
    expect(selects(selector, labels)).toBe(expected);
  });
});

describe("obstacles to evictions", () => {
  const budget = { namespace: "prod", name: "web", selector: {}, disruptionsAllowed: 0, room: 0 };
  const { owner: _owner, ...bare } = pod("bare", { labels: {} });

  it.each<[string, readonly NodePod[], object, number]>([
    ["a budget without room over a pod", [pod("web-1")], {}, 1],
    ["one obstacle for all of its pods", [pod("web-1"), pod("web-2")], {}, 1],
    ["a budget with room", [pod("web-1")], { disruptionsAllowed: 1 }, 0],
    ["a budget of another namespace", [pod("web-1")], { namespace: "test" }, 0],
    ["a budget over other pods", [pod("web-1")], { selector: { matchLabels: { app: "api" } } }, 0],
    ["a pending pod: the API asks no budget about it", [pod("web-1", { phase: "Pending" })], {}, 0],
    ["a pod that is ending already", [pod("web-1", { terminating: true })], {}, 0],
    ["a bare pod, which is under the budget too", [bare], {}, 2],
    ["a bare pod that is ending already", [{ ...bare, terminating: true }], {}, 0],
    ["nothing to evict", [], {}, 0],
  ])("%s", (_what, pods, more, count) => {
    expect(obstaclesTo(pods, [{ ...budget, ...more }])).toHaveLength(count);
  });

  it.each([
    [-1, "budget", /allows 0 disruptions and covers prod\/web-1$/],
    [0, "budget", /allows 0 disruptions and covers prod\/web-1$/],
    [1, "unhealthy", /allows 0 disruptions until more of its pods are healthy and covers prod\/web-1$/],
  ])("with room for %i when all is well a budget without room now is a %s one", (room, kind, text) => {
    expect(obstaclesTo([pod("web-1")], [{ ...budget, room }])).toEqual([
      { kind, text: expect.stringMatching(text) },
    ]);
  });
});

describe("lists for people", () => {
  it.each([
    [[], ""],
    [["a"], "a"],
    [["a", "b"], "a, b"],
    [["a", "b", "c"], "a, b and 1 more"],
  ])("%j", (names, expected) => {
    expect(listed(names, 2)).toBe(expected);
  });
});

describe("Kubernetes versions", () => {
  it.each([
    ["v1.34.2", "1.34.2"],
    ["1.34.2-202511.06.0", "1.34.2"],
    ["v1.31.0-eks-1234", "1.31.0"],
    ["v1.34.2+abc", "1.34.2"],
  ])("%s is %s", (text, expected) => {
    const version = kubeVersionOf(text);
    expect(version && kubeText(version)).toBe(expected);
  });

  it.each(["", "1.34", "kwok-v0.8.0", "1.34.2.1", "latest"])("%j is none", (text) => {
    expect(kubeVersionOf(text)).toBeUndefined();
  });

  it.each([
    ["1.9.0", "1.10.0"],
    ["1.34.2", "1.34.10"],
    ["1.34.9", "2.0.0"],
  ])("%s is older than %s, by numbers", (a, b) => {
    const [older, newer] = [kubeVersionOf(a), kubeVersionOf(b)];
    if (!older || !newer) expect.unreachable();
    expect(compareKube(older, newer)).toBeLessThan(0);
    expect(compareKube(newer, older)).toBeGreaterThan(0);
    expect(compareKube(newer, newer)).toBe(0);
  });
});
