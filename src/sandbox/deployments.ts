import { shareInPlace } from "../plan/progress.ts";
import type { FaultBoard } from "./fault-board.ts";
import { selects } from "./labels.ts";
import { type Json, type Manifest, type ObjectRef, textAt, valueAt } from "./manifest.ts";
import {
  buildOf,
  identityOf,
  podLabels,
  type RolloutSettings,
  rolloutSettings,
  templateOf,
} from "./rollout-settings.ts";
import type { Timeline } from "./timeline.ts";

/** One pod. */
export interface Pod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly build: string;
  /** Which version it runs; undefined where its template doesn't say. */
  readonly identity: string | undefined;
  readonly template: string;
  readonly image: string;
  state: "starting" | "ready" | "crashloop" | "image-pull";
  readySinceMs: number;
}

/** A Deployment as its controller sees it. */
export interface DeploymentStatus {
  readonly replicas: number;
  readonly ready: number;
  readonly complete: boolean;
  /** Pods of the present template, and how many of those are available. */
  readonly updated: number;
  readonly available: number;
  readonly pods: readonly Pod[];
  /** The controller has given up: no progress for the deadline. */
  readonly deadlineExceeded: boolean;
  /** When it gives up unless something moves; absent when nothing is rolling. */
  readonly deadlineAtMs?: number;
  readonly firstRollout: boolean;
  /** Pods that aren't ready. */
  readonly failing: readonly Pod[];
}

interface Controlled {
  readonly ref: ObjectRef;
  settings: RolloutSettings;
  manifest: Manifest;
  template: string;
  pods: Pod[];
  /** By identity: what its ReplicaSets would hold. */
  readonly templates: Map<string, Json>;
  /** A template is rolling: only then does the progress deadline count, as in Kubernetes. */
  rolling: boolean;
  revision: number;
  lastProgressMs: number;
}

/** The Deployment controller: makes, readies and removes pods as time goes by. */
export interface Deployments {
  /** Takes a new or changed Deployment. */
  apply(ref: ObjectRef, manifest: Manifest, replicas: number): void;
  remove(ref: ObjectRef): void;
  status(ref: ObjectRef): DeploymentStatus | undefined;
  /** Pods of a namespace that carry the labels. */
  select(namespace: string, selector: Readonly<Record<string, string>>): readonly Pod[];
  /** The newest pod template that ran an identity, as a ReplicaSet keeps it. */
  template(ref: ObjectRef, identity: string): Json | undefined;
  /** Pods of an identity, and their share of their Deployment as a lever reads it, 0-100 %. */
  inPlace(identity: string): { readonly exposure: number; readonly pods: readonly Pod[] };
  /** Running pods of a build that breaks down go down, for good. */
  breakDown(): void;
}

interface Context {
  readonly timeline: Timeline;
  readonly faults: FaultBoard;
  readonly changed: () => void;
}

/** A controller; `changed` is called whenever the readiness of a pod, or the set of pods, has changed. */
export function createDeployments(context: Context): Deployments {
  const all = new Map<string, Controlled>();
  const keyOf = (ref: ObjectRef): string => `${ref.namespace}/${ref.name}`;
  const pods = (): readonly Pod[] => [...all.values()].flatMap((controlled) => controlled.pods);
  return {
    apply: (ref, manifest, replicas) => {
      const known = all.get(keyOf(ref));
      const controlled = known ?? adopt(ref, manifest, context.timeline.now());
      all.set(keyOf(ref), controlled);
      const template = templateOf(manifest);
      if (known === undefined || template !== controlled.template) {
        Object.assign(controlled, { template, rolling: true, lastProgressMs: context.timeline.now() });
        controlled.revision += 1;
        const identity = identityOf(manifest);
        const written = valueAt(manifest, "spec", "template");
        if (identity !== undefined && written !== undefined) controlled.templates.set(identity, written);
      }
      Object.assign(controlled, { manifest, settings: rolloutSettings(manifest, replicas) });
      reconcile(controlled, context);
    },
    remove: (ref) => {
      const controlled = all.get(keyOf(ref));
      if (controlled !== undefined) controlled.pods = [];
      all.delete(keyOf(ref));
      context.changed();
    },
    status: (ref) => {
      const controlled = all.get(keyOf(ref));
      return controlled === undefined ? undefined : statusOf(controlled, context.timeline.now());
    },
    select: (namespace, selector) =>
      pods().filter((pod) => pod.namespace === namespace && selects(selector, pod.labels)),
    template: (ref, identity) => all.get(keyOf(ref))?.templates.get(identity),
    inPlace: (identity) => {
      const found = [...all.values()].filter(({ pods }) => pods.some((pod) => pod.identity === identity));
      const nowMs = context.timeline.now();
      const shares = found.map((controlled) => shareOf(identity, statusOf(controlled, nowMs)));
      const own = found.flatMap((controlled) => controlled.pods.filter((pod) => pod.identity === identity));
      return { exposure: Math.max(0, ...shares), pods: own };
    },
    breakDown: () => {
      const broken = pods().filter(
        (pod) => pod.state !== "crashloop" && context.faults.breaksRunning(pod.build),
      );
      for (const pod of broken) pod.state = "crashloop";
      if (broken.length > 0) context.changed();
    },
  };
}

function adopt(ref: ObjectRef, manifest: Manifest, nowMs: number): Controlled {
  const settings = rolloutSettings(manifest, 0);
  return {
    ref,
    settings,
    manifest,
    template: "",
    pods: [],
    templates: new Map(),
    rolling: true,
    revision: 0,
    lastProgressMs: nowMs,
  };
}

/** One round of the controller: repeats until nothing more can be done at this instant. */
function reconcile(controlled: Controlled, context: Context): void {
  const nowMs = context.timeline.now();
  while (removeOne(controlled, nowMs) || createOne(controlled, context)) controlled.lastProgressMs = nowMs;
  if (isComplete(controlled, nowMs)) controlled.rolling = false;
  context.changed();
}

function createOne(controlled: Controlled, context: Context): boolean {
  const { settings, pods, template } = controlled;
  const fresh = pods.filter((pod) => pod.template === template).length;
  if (fresh >= settings.replicas || pods.length >= settings.replicas + settings.surge) return false;
  if (settings.recreate && pods.length > fresh) return false;
  const labels = podLabels(controlled.manifest);
  const build = buildOf(controlled.manifest);
  const identity = identityOf(controlled.manifest);
  const isNew = labels["version"] === "canary" || context.faults.replaces(identity);
  const fault = context.faults.podFault(build, isNew);
  const image = textAt(controlled.manifest, "spec", "template", "spec", "containers", 0, "image") ?? "";
  const made = { namespace: controlled.ref.namespace, labels, build, identity, template, image };
  const pod: Pod = { ...made, state: fault ?? "starting", readySinceMs: Infinity };
  pods.push(pod);
  if (fault === undefined) becomeReady(pod, controlled, context);
  return true;
}

function becomeReady(pod: Pod, controlled: Controlled, context: Context): void {
  const { timeline } = context;
  const { readyAfterMs, minReadyMs } = controlled.settings;
  const lives = (): boolean => pod.state !== "crashloop" && controlled.pods.includes(pod);
  timeline.at(timeline.now() + readyAfterMs, () => {
    if (!lives()) return;
    Object.assign(pod, { state: "ready", readySinceMs: timeline.now() });
    controlled.lastProgressMs = timeline.now();
    // Also with minReadySeconds 0: the controller acts after the pod has told that it is ready.
    timeline.at(timeline.now() + minReadyMs, () => {
      if (!lives()) return;
      controlled.lastProgressMs = timeline.now();
      reconcile(controlled, context);
    });
    context.changed();
  });
}

/** Takes away one pod that is too many, or one of an old template that can be spared. */
function removeOne(controlled: Controlled, nowMs: number): boolean {
  const { settings, pods, template } = controlled;
  const fresh = pods.filter((pod) => pod.template === template);
  const old = pods.filter((pod) => pod.template !== template);
  const isUp = (pod: Pod): boolean => isAvailable(pod, settings, nowMs);
  if (fresh.length > settings.replicas)
    return drop(controlled, fresh.find((pod) => !isUp(pod)) ?? fresh.at(-1));
  const least = settings.replicas - settings.unavailable;
  const freshDown = fresh.filter((pod) => !isUp(pod)).length;
  const spare = old.find((pod) => !isUp(pod));
  if (spare !== undefined && pods.length - least - freshDown > 0) return drop(controlled, spare);
  const up = pods.filter(isUp).length;
  return up > least ? drop(controlled, old.find(isUp)) : false;
}

function drop(controlled: Controlled, pod: Pod | undefined): boolean {
  controlled.pods = controlled.pods.filter((other) => other !== pod);
  return pod !== undefined;
}

function isAvailable(pod: Pod, settings: RolloutSettings, nowMs: number): boolean {
  return pod.state === "ready" && nowMs >= pod.readySinceMs + settings.minReadyMs;
}

function isComplete(controlled: Controlled, nowMs: number): boolean {
  const { pods, settings, template } = controlled;
  if (pods.length !== settings.replicas) return false;
  return pods.every((pod) => pod.template === template && isAvailable(pod, settings, nowMs));
}

function statusOf(controlled: Controlled, nowMs: number): DeploymentStatus {
  const complete = isComplete(controlled, nowMs);
  const deadlineAtMs = controlled.lastProgressMs + controlled.settings.progressDeadlineMs;
  return {
    replicas: controlled.settings.replicas,
    ready: controlled.pods.filter((pod) => pod.state === "ready").length,
    complete,
    updated: controlled.pods.filter((pod) => pod.template === controlled.template).length,
    available: controlled.pods.filter((pod) => isAvailable(pod, controlled.settings, nowMs)).length,
    pods: controlled.pods,
    deadlineExceeded: controlled.rolling && !complete && nowMs >= deadlineAtMs,
    ...(controlled.rolling && !complete ? { deadlineAtMs } : {}),
    firstRollout: controlled.revision === 1,
    failing: controlled.pods.filter((pod) => pod.state !== "ready"),
  };
}

/** The share of an identity in a Deployment, as the lever of a real cluster reads it. */
export function shareOf(identity: string, { pods, complete }: DeploymentStatus): number {
  const own = pods.filter((pod) => pod.identity === identity);
  const ready = own.filter((pod) => pod.state === "ready").length;
  return shareInPlace({ ready, total: pods.length, over: complete && own.length === pods.length });
}
