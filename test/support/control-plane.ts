import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clusterPart, moduleFolder } from "../../tools/cluster-parts.ts";
import { ensureDebian } from "./debian.ts";
import { type KubeClient, kubeClient, mustSucceed } from "./kube-api.ts";
import { freePorts, type RunningProcess, startProcess, waitUntil } from "./process.ts";

/** A Kubernetes control plane on this machine, with one node on which pods only seem to run. */
export interface ControlPlane {
  /** https://127.0.0.1:port */
  readonly server: string;
  /** Bearer token of a user who may do everything. */
  readonly token: string;
  readonly kubeconfigPath: string;
  readonly caFile: string;
  /** Calls the API server as that user. */
  readonly api: KubeClient;
  /** ms from the start of the first process until a node was Ready and the CRDs were Established. */
  readonly startMs: number;
  /** Ends every process and waits for it. Safe to call twice. */
  stop(): Promise<void>;
}

/** Where a control plane lives. */
export interface ControlPlaneOptions {
  /** An existing empty folder for data, keys and logs. */
  readonly dir: string;
  readonly log: (line: string) => void;
}

const crdPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const partMs = 60_000;

/**
 * Starts etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok on free loopback ports,
 * installs the Gateway API CRDs and makes a node. Parts that aren't there yet are built or installed first,
 * which takes many minutes once per user.
 *
 * @throws Error naming the part that failed, with its last lines; nothing is left running
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const parts = await findParts(options);
  const started: RunningProcess[] = [];
  const stop = async (): Promise<void> => {
    // Clients first, then the API server, then its store: nobody is left retrying.
    for (const process of started.toReversed()) await process.stop();
  };
  const begin = Date.now();
  try {
    const site = await prepareSite(options.dir);
    const run = (name: string, command: string, args: readonly string[]): RunningProcess => {
      const process = startProcess({ name, command, args, dir: options.dir });
      started.push(process);
      return process;
    };
    await startStore(site, run, parts);
    const apiserver = await startApiServer(site, run, parts);
    const crds = parts.crds.map((file) => installCrd(site, file, apiserver));
    await Promise.all([...crds, startFollowers(site, run, parts)]);
    for (const process of started) {
      if (!process.alive()) throw new Error(`${process.name} has ended; last lines:\n${process.tail()}`);
    }
    const startMs = Date.now() - begin;
    options.log(`control plane at ${site.server}, up in ${(startMs / 1000).toFixed(1)} s`);
    const { server, token, kubeconfigPath, caFile, api } = site;
    return { server, token, kubeconfigPath, caFile, api, startMs, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Run = (name: string, command: string, args: readonly string[]) => RunningProcess;

interface Parts {
  readonly etcd: string;
  readonly apiserver: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kwok: string;
  /** Stage files: what kwok does with nodes and pods. */
  readonly stages: readonly string[];
  /** Files of the Gateway API's CRDs. */
  readonly crds: readonly string[];
}

async function findParts({ log }: ControlPlaneOptions): Promise<Parts> {
  const context = { env: process.env, log };
  const part = async (name: string): Promise<string> => (await clusterPart(name, context)).path;
  const { "etcd-server": etcd } = await ensureDebian(["etcd-server"], log);
  const stageFolder = join(await moduleFolder("kwok", process.env), "kustomize/stage");
  const stages = ["node/fast", "node/heartbeat", "pod/fast"].flatMap((name) =>
    yamlFiles(join(stageFolder, name)).filter((file) => !file.endsWith("/kustomization.yaml")),
  );
  const crdFolder = join(await moduleFolder("gateway-api", process.env), "config/crd/standard");
  return {
    etcd,
    // One after the other: a build takes all cores and gigabytes of memory.
    apiserver: await part("kube-apiserver"),
    controllerManager: await part("kube-controller-manager"),
    scheduler: await part("kube-scheduler"),
    kwok: await part("kwok"),
    stages,
    crds: yamlFiles(crdFolder).filter((file) => !file.includes("_vap_")),
  };
}

function yamlFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => join(folder, name));
}

interface Site {
  readonly dir: string;
  readonly ports: {
    readonly etcd: number;
    readonly peer: number;
    readonly api: number;
    readonly kwok: number;
  };
  readonly server: string;
  readonly token: string;
  readonly caFile: string;
  readonly kubeconfigPath: string;
  readonly keyFile: string;
  readonly tokenFile: string;
  readonly api: KubeClient;
}

async function prepareSite(dir: string): Promise<Site> {
  const [etcd = 0, peer = 0, api = 0, kwok = 0] = await freePorts(4);
  const server = `https://127.0.0.1:${api}`;
  const token = randomBytes(16).toString("hex");
  // The server signs its own certificate; the file holds the authority too.
  const caFile = join(dir, "certs", "apiserver.crt");
  mkdirSync(join(dir, "certs"), { recursive: true });
  const keyFile = join(dir, "service-account.key");
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const tokenFile = join(dir, "tokens.csv");
  writeFileSync(tokenFile, `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  const kubeconfigPath = join(dir, "kubeconfig.json");
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "local", cluster: { server, "certificate-authority": caFile } }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "local", context: { cluster: "local", user: "admin" } }],
    "current-context": "local",
  };
  writeFileSync(kubeconfigPath, JSON.stringify(kubeconfig, null, 2), { mode: 0o600 });
  const client = kubeClient({ server, token, caFile });
  const ports = { etcd, peer, api, kwok };
  return { dir, ports, server, token, caFile, kubeconfigPath, keyFile, tokenFile, api: client };
}

async function startStore(site: Site, run: Run, parts: Parts): Promise<void> {
  const client = `http://127.0.0.1:${site.ports.etcd}`;
  const peer = `http://127.0.0.1:${site.ports.peer}`;
  const etcd = run("etcd", parts.etcd, [
    "--name=local",
    `--data-dir=${join(site.dir, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=local=${peer}`,
    "--logger=zap",
  ]);
  await waitUntil({
    what: "etcd",
    timeoutMs: partMs,
    of: etcd,
    ready: async () => (await fetch(`${client}/health`)).ok,
  });
}

async function startApiServer(site: Site, run: Run, parts: Parts): Promise<RunningProcess> {
  const apiserver = run("kube-apiserver", parts.apiserver, [
    `--etcd-servers=http://127.0.0.1:${site.ports.etcd}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${site.ports.api}`,
    `--cert-dir=${join(site.dir, "certs")}`,
    `--token-auth-file=${site.tokenFile}`,
    "--authorization-mode=AlwaysAllow",
    "--disable-admission-plugins=ServiceAccount",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${site.keyFile}`,
    `--service-account-signing-key-file=${site.keyFile}`,
    // A loopback address can't stand in the endpoints of the `kubernetes` service.
    "--endpoint-reconciler-type=none",
    "--enable-priority-and-fairness=false",
    // Older etcds (Debian has 3.4) lack what it needs, and clients then retry before they fall back.
    "--feature-gates=WatchList=false",
  ]);
  await waitUntil({
    what: "kube-apiserver",
    timeoutMs: partMs,
    of: apiserver,
    ready: async () => (await site.api({ path: "/readyz" })).status === 200,
  });
  return apiserver;
}

async function startFollowers(site: Site, run: Run, parts: Parts): Promise<void> {
  const config = `--kubeconfig=${site.kubeconfigPath}`;
  const client = ["--leader-elect=false", "--secure-port=0", "--kube-api-qps=200", "--kube-api-burst=400"];
  run("kube-controller-manager", parts.controllerManager, [
    config,
    ...client,
    `--service-account-private-key-file=${site.keyFile}`,
  ]);
  run("kube-scheduler", parts.scheduler, [config, ...client]);
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node-0" } };
  await mustSucceed(site.api, { method: "POST", path: "/api/v1/nodes", body: node });
  const kwok = run("kwok", parts.kwok, [
    config,
    "--manage-all-nodes",
    "--node-lease-duration-seconds=0",
    `--server-address=127.0.0.1:${site.ports.kwok}`,
    ...parts.stages.map((file) => `--config=${file}`),
  ]);
  await waitUntil({
    what: "the node",
    timeoutMs: partMs,
    of: kwok,
    ready: async () => hasCondition(await site.api({ path: "/api/v1/nodes/node-0" }), "Ready"),
  });
}

async function installCrd(site: Site, file: string, apiserver: RunningProcess): Promise<void> {
  const body = readFileSync(file, "utf8");
  const contentType = "application/yaml";
  const made = await mustSucceed(site.api, { method: "POST", path: crdPath, body, contentType });
  const name = String(made.body.metadata.name);
  await waitUntil({
    what: `CRD ${name}`,
    timeoutMs: partMs,
    of: apiserver,
    ready: async () => hasCondition(await site.api({ path: `${crdPath}/${name}` }), "Established"),
  });
}

function hasCondition(answer: Awaited<ReturnType<KubeClient>>, type: string): boolean {
  const conditions: readonly { type: string; status: string }[] = answer.body?.status?.conditions ?? [];
  return conditions.some((condition) => condition.type === type && condition.status === "True");
}
