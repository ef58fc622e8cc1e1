import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKubeCandidate } from "../../src/adapters/candidate/kube-candidate.ts";
import { openCandidate } from "../../src/adapters/open-candidate.ts";
import { type FakeAnswer, json, type SeenRequest } from "../support/http-fake.ts";
import { type KubeFake, startKubeFake } from "../support/http-fake-kube.ts";

// What a platform says of a candidate, read from a real server that speaks the API's own HTTP.

let kube: KubeFake;
beforeEach(async () => {
  kube = await startKubeFake();
});
afterEach(async () => {
  await kube.close();
});

const signal = new AbortController().signal;
const labels = { app: "web", version: "canary" };
const podsPath = "/api/v1/namespaces/prod/pods";

interface Container {
  readonly name: string;
  readonly restarts?: number;
}

const aPod = (name: string, containers: readonly Container[], init: readonly string[] = []) => ({
  metadata: { name, labels, annotations: { "pulumi-rollouts/identity": "1.2.4+abc" } },
  spec: {
    initContainers: init.map((one) => ({ name: one })),
    containers: containers.map((one) => ({ name: one.name, image: "web:1.2.4" })),
  },
  status: {
    phase: "Running",
    containerStatuses: containers.map((one) => ({ name: one.name, restartCount: one.restarts ?? 0 })),
  },
});

const plain = (body: string): FakeAnswer => ({
  status: 200,
  body,
  headers: { "content-type": "text/plain" },
});
const refused = (code: number, reason: string, message: string): FakeAnswer =>
  json({ kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code }, code);

/** Pods, and the logs of their containers as the API server gives them: `tailLines`, then `limitBytes` from the first. */
function serve(
  pods: readonly ReturnType<typeof aPod>[],
  log: (request: SeenRequest, of: string) => FakeAnswer | string | undefined,
): void {
  kube.override = (request) => {
    const { pathname, searchParams } = request.url;
    if (pathname === podsPath) return json({ kind: "PodList", apiVersion: "v1", items: pods });
    const [, pod] = /pods\/([^/]+)\/log$/.exec(pathname) ?? [];
    if (pod === undefined) return undefined;
    const previous = searchParams.get("previous") === "true" ? " before" : "";
    const answer = log(request, `${pod} ${searchParams.get("container")}${previous}`);
    if (answer === "cut" || typeof answer !== "string") return answer;
    const lines = answer.split(/(?<=\n)/);
    const tail = lines.slice(-Number(searchParams.get("tailLines") ?? lines.length)).join("");
    return plain(tail.slice(0, Number(searchParams.get("limitBytes") ?? tail.length)));
  };
}

const candidate = (more: { maxBytes?: number; maxLines?: number; context?: string } = {}) => {
  const { context, ...limits } = more;
  const place = { namespace: "prod", kubeconfig: kube.kubeconfig, ...(context ? { context } : {}) };
  return createKubeCandidate({ place, labels, ...limits });
};

describe("pods and logs", () => {
  it("as the API server has them: each container's log, and that of the run before a restart", async () => {
    const pods = [
      aPod("web-canary-1", [{ name: "web" }, { name: "proxy", restarts: 2 }], ["migrate"]),
      aPod("web-canary-2", [{ name: "web" }]),
    ];
    serve(pods, (_request, of) => `${of}\n`);
    const { files, problems, notes } = await candidate().collect(signal);
    expect([problems, notes]).toEqual([[], []]);
    const [list, ...logs] = files;
    expect(JSON.parse(list?.content ?? "")).toMatchObject({ kind: "PodList", items: pods });
    expect(logs).toEqual([
      { name: "candidate/logs/web-canary-1/migrate.log", content: "web-canary-1 migrate\n" },
      { name: "candidate/logs/web-canary-1/web.log", content: "web-canary-1 web\n" },
      { name: "candidate/logs/web-canary-1/proxy.log", content: "web-canary-1 proxy\n" },
      { name: "candidate/logs/web-canary-1/proxy.previous.log", content: "web-canary-1 proxy before\n" },
      { name: "candidate/logs/web-canary-2/web.log", content: "web-canary-2 web\n" },
    ]);
    const [asked] = kube.requests.filter(({ url }) => url.pathname === podsPath);
    expect(asked?.url.searchParams.get("labelSelector")).toBe("app=web,version=canary");
    expect(kube.requests.every(({ method }) => method === "GET")).toBe(true);
  });

  it("a log that is too long is its newest part, and says so", async () => {
    const long = Array.from({ length: 100 }, (_, line) => `line ${String(line).padStart(4, "0")}\n`).join("");
    serve([aPod("web-canary-1", [{ name: "web" }])], () => long);
    const bytes = await candidate({ maxBytes: 300, maxLines: 1000 }).collect(signal);
    const [, log] = bytes.files;
    expect(Buffer.byteLength(log?.content ?? "")).toBeLessThanOrEqual(300);
    expect(log?.content.endsWith("line 0099\n")).toBe(true);
    expect(long.endsWith(log?.content ?? "none")).toBe(true);
    expect(bytes.notes).toEqual([expect.stringMatching(/web\.log: only its last \d+ lines$/)]);
    const lines = await candidate({ maxLines: 10 }).collect(signal);
    expect(lines.files[1]?.content.split("\n")).toHaveLength(11);
    expect(lines.notes).toEqual(["candidate/logs/web-canary-1/web.log: only its last 10 lines"]);
  });

  it("one line that is too long ends where the limit is", async () => {
    serve([aPod("web-canary-1", [{ name: "web" }])], () => "x".repeat(1000));
    const { files, notes, problems } = await candidate({ maxBytes: 100 }).collect(signal);
    expect(files[1]?.content).toBe("x".repeat(101));
    expect(notes).toEqual([expect.stringContaining("only the beginning of its last line")]);
    expect(problems).toEqual([]);
  });
});

describe("what can't be read is a problem, and the rest is there", () => {
  it("a log that is refused, one that is cut off, a container that never began", async () => {
    serve(
      [
        aPod("web-canary-1", [{ name: "web" }, { name: "proxy" }, { name: "late" }]),
        aPod("web-canary-2", [{ name: "web" }]),
      ],
      (_request, of) => {
        if (of === "web-canary-1 web") return refused(403, "Forbidden", 'cannot get resource "pods/log"');
        if (of === "web-canary-1 proxy") return "cut";
        if (of === "web-canary-1 late")
          return refused(400, "BadRequest", 'container "late" is waiting to start: ContainerCreating');
        return "fine\n";
      },
    );
    const { files, problems } = await candidate().collect(signal);
    expect(files.map(({ name }) => name)).toEqual([
      "candidate/pods.json",
      "candidate/logs/web-canary-2/web.log",
    ]);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toBe(
      'Could not read candidate/logs/web-canary-1/web.log: HTTP 403 Forbidden: cannot get resource "pods/log".',
    );
    expect(problems[1]).toMatch(/^Could not read candidate\/logs\/web-canary-1\/proxy\.log: /);
    expect(problems[2]).toContain("is waiting to start");
  });

  it("no pod at all", async () => {
    serve([], () => undefined);
    const { files, problems } = await candidate().collect(signal);
    expect(files.map(({ name }) => name)).toEqual(["candidate/pods.json"]);
    expect(problems).toEqual(["no pod in prod carries the labels app=web,version=canary"]);
  });

  it.each([
    ["the list is refused", () => refused(403, "Forbidden", "no"), "HTTP 403 Forbidden: no"],
    ["the connection drops", () => "cut" as const, "Could not list the pods"],
  ])("%s", async (_name, answer, what) => {
    kube.override = answer;
    const { files, problems } = await candidate().collect(signal);
    expect(files).toEqual([]);
    expect(problems).toEqual([expect.stringContaining(what)]);
  });

  it("no such context, and a server that isn't there", async () => {
    const { problems } = await candidate({ context: "elsewhere" }).collect(signal);
    expect(problems).toEqual([expect.stringContaining("elsewhere")]);
    const gone = await candidate({ context: "nowhere" }).collect(signal);
    expect(gone.problems).toEqual([expect.stringContaining("Could not list the pods")]);
  });

  it("names that would lead out of the bundle are no pods", async () => {
    serve([aPod("../../etc", [{ name: "web" }])], () => "x\n");
    const { files, problems } = await candidate().collect(signal);
    expect(files.map(({ name }) => name)).toEqual(["candidate/pods.json"]);
    expect(problems).toEqual([expect.stringContaining("is no list of pods")]);
  });

  it("an export that is called off", async () => {
    serve([aPod("web-canary-1", [{ name: "web" }])], () => "x\n");
    const stopped = AbortSignal.abort();
    const { files, problems } = await candidate().collect(stopped);
    expect(files).toEqual([]);
    expect(problems).toHaveLength(1);
  });
});

it("is there for every router of a cluster, and for nothing else", async () => {
  const place = { namespace: "prod" };
  const kinds = [
    { kind: "http-route", route: "web", ...place },
    { kind: "istio", virtualService: "web", ...place },
    { kind: "sandbox" },
    { kind: "app-configuration" },
  ] as const;
  const opened = await Promise.all(kinds.map((config) => openCandidate(config, labels)));
  const name = "pods app=web,version=canary in prod";
  expect(opened.map((one) => one?.name)).toEqual([name, name, undefined, undefined]);
});
