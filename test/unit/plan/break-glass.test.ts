import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHttpRouteLever } from "../../../src/adapters/lever/http-route.ts";
import { createIngressNginxLever } from "../../../src/adapters/lever/ingress-nginx.ts";
import { createIstioLever } from "../../../src/adapters/lever/istio.ts";
import { createReplicaRatioLever } from "../../../src/adapters/lever/replica-ratio.ts";
import { breakGlassOf } from "../../../src/plan/break-glass.ts";
import { buildPlan } from "../../../src/plan/build-plan.ts";
import type { BreakGlass } from "../../../src/types/communication.ts";
import type { EnvironmentPolicy, LeverConfig } from "../../../src/types/policy.ts";
import { aPolicy, aRelease, aSnapshot } from "../../support/builders.ts";
import { canaryIngressJson, canaryIngressPath } from "../../support/http-fake-ingress.ts";
import { virtualServiceJson, virtualServicePath } from "../../support/http-fake-istio.ts";
import { type KubeFake, startKubeFake } from "../../support/http-fake-kube.ts";
import { names, routeJson, routePath, setReady } from "../../support/http-fake-route.ts";
import { setPods, sharedServiceJson, sharedServicePath } from "../../support/http-fake-shared-service.ts";

function waysOf(policy: Partial<EnvironmentPolicy>, installed = true): readonly BreakGlass[] {
  const whole = aPolicy({ service: "atp", ...policy });
  const change = { version: "1.2.4", identity: aSnapshot("1.2.4").identity };
  return breakGlassOf(whole, buildPlan(whole, installed ? aRelease("1.2.3") : null, change));
}

/** A `kubectl` that can patch and annotate, as far as break-glass commands ask it to. */
const kubectl = `#!/usr/bin/env node
const args = process.argv.slice(2);
const after = (name) => args[args.indexOf(name) + 1];
const verb = args.find((word) => word === "patch" || word === "annotate");
const at = args.indexOf(verb);
const [object, name, third] = args.slice(at + 1);
const groups = {
  "httproutes.gateway.networking.k8s.io": "apis/gateway.networking.k8s.io/v1",
  "virtualservices.networking.istio.io": "apis/networking.istio.io/v1",
  ingress: "apis/networking.k8s.io/v1",
  service: "api/v1",
};
const plural = { ingress: "ingresses", service: "services" }[object] ?? object.split(".")[0];
const [key, value] = verb === "annotate" ? third.split("=") : [];
const path = "/metadata/annotations/" + (key ?? "").replaceAll("/", "~1");
const body = verb === "annotate" ? JSON.stringify([{ op: "add", path, value }]) : after("-p");
if (!args.includes("--field-manager=rollouts-lever")) process.exit(2);
const url = process.env.FAKE_URL + "/" + groups[object] + "/namespaces/" + after("-n") + "/" + plural + "/" + name;
const answer = await fetch(url, {
  method: "PATCH",
  headers: { "content-type": "application/json-patch+json", authorization: "Bearer " + process.env.FAKE_TOKEN },
  body,
});
process.exit(answer.ok ? 0 : 1);
`;

let bin: string;
let kube: KubeFake;
beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), "rollouts-bin-"));
  await writeFile(join(bin, "package.json"), '{"type":"module"}');
  await writeFile(join(bin, "kubectl"), kubectl);
  await chmod(join(bin, "kubectl"), 0o755);
  kube = await startKubeFake();
});
afterEach(async () => {
  await kube.close();
  await rm(bin, { recursive: true });
});

/** Runs the lines as a person would paste them; gives back the last exit code. */
async function paste(ways: readonly BreakGlass[]): Promise<number | null> {
  const script = ways.flatMap(({ commands }) => commands).join("\n");
  const env = { PATH: `${bin}:${process.env["PATH"]}`, FAKE_URL: kube.url, FAKE_TOKEN: token() };
  const child = spawn("sh", ["-c", script], { env, stdio: "ignore" });
  return await new Promise((resolve) => child.once("exit", resolve));
}

/** The fake's token stands in its kubeconfig. */
function token(): string {
  return JSON.parse(readFileSync(kube.kubeconfig, "utf8")).users[0].user.token;
}

describe("commands that take traffic off without this tool, pasted into a shell", () => {
  const stable = (weight: number) => ({ name: names.stable, weight });
  const candidate = (weight: number) => ({ name: names.candidate, weight });

  it("HTTPRoute: both weights, once it is what it was", async () => {
    const config = { kind: "http-route", namespace: "prod", route: "atp" } as const;
    setReady(kube, { [names.stable]: 3, [names.candidate]: 1 });
    kube.objects.set(routePath, routeJson({ rules: [[stable(80), candidate(20)]] }));
    const lever = createHttpRouteLever({ config: { ...config, kubeconfig: kube.kubeconfig }, names });
    expect(await lever.read()).toMatchObject({ exposure: 20 });
    expect(await paste(waysOf({ lever: config }))).toBe(0);
    expect((await lever.read()).exposure).toBe(0);
    // Another backend in its place is left alone.
    kube.objects.set(routePath, routeJson({ rules: [[{ name: "other", weight: 80 }, candidate(20)]] }));
    expect(await paste(waysOf({ lever: config }))).not.toBe(0);
    expect(JSON.stringify(kube.objects.get(routePath))).toContain('"weight":20');
  });

  it("HTTPRoute with whole tenants: every rule that there is", async () => {
    const config = { kind: "http-route", namespace: "prod", route: "atp" } as const;
    const tenants = Array.from({ length: 130 }, (_, index) => `tenant-${index}`);
    const inside = [stable(0), candidate(100)];
    kube.objects.set(routePath, routeJson({ rules: [inside, inside, [stable(100), candidate(0)]] }));
    const cohort = { header: "X-Tenant-Id", tenants };
    await paste(waysOf({ lever: config, cohort }));
    const { spec } = kube.objects.get(routePath) as unknown as {
      spec: { rules: { backendRefs: { weight: number }[] }[] };
    };
    expect(spec.rules.map(({ backendRefs }) => backendRefs.map(({ weight }) => weight))).toEqual([
      [100, 0],
      [100, 0],
      [100, 0],
    ]);
  });

  it("Istio", async () => {
    const config = { kind: "istio", namespace: "prod", virtualService: "atp" } as const;
    setReady(kube, { [names.stable]: 3, [names.candidate]: 1 });
    const routes = [
      [
        { host: "atp", weight: 50 },
        { host: "atp-canary", weight: 50 },
      ],
    ];
    kube.objects.set(virtualServicePath, virtualServiceJson({ routes }));
    expect(await paste(waysOf({ lever: config }))).toBe(0);
    const lever = createIstioLever({ config: { ...config, kubeconfig: kube.kubeconfig }, names });
    expect((await lever.read()).exposure).toBe(0);
  });

  it("ingress-nginx", async () => {
    const config = { kind: "ingress-nginx", namespace: "prod", ingress: "atp-canary" } as const;
    setReady(kube, { [names.stable]: 3, [names.candidate]: 1 });
    kube.objects.set(canaryIngressPath, canaryIngressJson());
    expect(await paste(waysOf({ lever: config }))).toBe(0);
    const lever = createIngressNginxLever({ config: { ...config, kubeconfig: kube.kubeconfig }, names });
    expect((await lever.read()).exposure).toBe(0);
  });

  it("a Service over both sides' pods", async () => {
    const config = { kind: "replica-ratio", namespace: "prod", service: "atp" } as const;
    setPods(kube, 6, 2);
    kube.objects.set(sharedServicePath, sharedServiceJson());
    expect(await paste(waysOf({ lever: config }))).toBe(0);
    const lever = createReplicaRatioLever({ config: { ...config, kubeconfig: kube.kubeconfig }, names });
    expect((await lever.read()).exposure).toBe(0);
  });
});

describe("commands as they are written", () => {
  const route = { kind: "http-route", namespace: "prod", route: "atp" } as const;
  const flag = { spec: { id: "AuditTrail.New" }, endpoint: "https://atp.azconfig.io", label: "prod" };
  const slot = {
    kind: "app-service-slot",
    subscriptionId: "0b1f",
    resourceGroup: "atp rg",
    app: "atp",
    slot: "staging",
  } as const;
  const commands = (policy: Partial<EnvironmentPolicy>) => waysOf(policy).flatMap((way) => way.commands);

  it("in place: the Deployment's revision before", () => {
    expect(
      commands({ strategy: "rolling", increments: [{ exposure: 100, soakSeconds: 300 }], lever: route }),
    ).toEqual([
      "kubectl -n prod rollout undo deployment/atp",
      "kubectl -n prod rollout status deployment/atp --timeout=5m",
    ]);
  });

  it("slots: the swap, with words that a shell takes as they are", () => {
    expect(commands({ strategy: "blue-green", platform: "app-service", lever: slot })).toEqual([
      "az webapp deployment slot swap --subscription 0b1f --resource-group 'atp rg' --name atp --slot staging --target-slot production",
    ]);
  });

  it("a flag: off, in its store", () => {
    const lever: LeverConfig = { kind: "sandbox" };
    expect(commands({ lever, flag: flag as never })).toEqual([
      "az appconfig feature disable --endpoint https://atp.azconfig.io --auth-mode login --feature AuditTrail.New --label prod --yes",
    ]);
  });

  it("another cluster is named", () => {
    const [line] = commands({ lever: { ...route, context: "prod-eu", kubeconfig: "/home/ci/it's/config" } });
    expect(line).toMatch(
      /^kubectl --kubeconfig='\/home\/ci\/it'\\''s\/config' --context=prod-eu -n prod patch /,
    );
  });

  it("a first install has nothing to go back to, and a sandbox nothing real", () => {
    expect(waysOf({ lever: route }, false)).toEqual([]);
    expect(waysOf({ lever: { kind: "sandbox" } })).toEqual([]);
  });
});
