import { type CloudContext, type CloudParts, createCloudParts, type Violation } from "./cloud-parts.ts";
import type { DeploymentStatus, Deployments } from "./deployments.ts";
import { identify, type ServedKind } from "./kinds.ts";
import { labelsAt } from "./labels.ts";
import { idOf, type Manifest, type ObjectRef, textAt } from "./manifest.ts";
import { alreadyExists, NotLive, notFound, notLiveReasons } from "./messages.ts";
import { desiredReplicas } from "./replicas.ts";
import { backendsOf, type Router } from "./router.ts";
import { validate } from "./validate.ts";
import { deletedInUse } from "./violations.ts";
import { carriesForce, keyOf, sameSpec, written } from "./write-rules.ts";

/** Who the engine writes as. */
const ENGINE = "pulumi-kubernetes-sandbox";

/** An object as the API server has it. */
export interface CloudObject {
  readonly ref: ObjectRef;
  readonly kind: ServedKind;
  readonly manifest: Manifest;
  readonly uid: string;
  /** Field manager of what a lever writes (atomic): an HTTPRoute's `spec.rules`, a VirtualService's `spec.http`, a Service's `spec.selector`, a Deployment's `spec.template`. */
  readonly rulesOwner: string;
}

/** Options of a write by the engine. */
export interface WriteOptions {
  /** Takes fields from other managers. */
  readonly force?: boolean;
  /** Only checks what would be said. */
  readonly dryRun?: boolean;
}

/**
 * Kubernetes in memory, as far as a rollout sees it. Writes behave as on an API server: kinds that are not
 * served, objects that break their kind's rules and fields of another manager are refused (RolloutError).
 */
export interface Cloud {
  create(manifest: Manifest, options?: WriteOptions): CloudObject;
  update(manifest: Manifest, options?: WriteOptions): CloudObject;
  get(ref: ObjectRef): CloudObject | undefined;
  list(kind?: string): readonly CloudObject[];
  /** Deleting what isn't there does nothing. */
  remove(ref: ObjectRef): void;
  /** A write past the engine: the lever's, or a person's. The manager owns a route's rules, or the template that it has changed, from then on. */
  patch(ref: ObjectRef, change: (manifest: Manifest) => Manifest, manager: string): CloudObject;
  /** A lever gives back what it owns. */
  release(ref: ObjectRef): void;
  /**
   * Waits as the Kubernetes provider does until a Deployment is live: moves the clock from event to event.
   * Throws `NotLive` at the progress deadline of a new template, or after `timeoutMs`.
   */
  awaitLive(ref: ObjectRef, timeoutMs: number): Promise<void>;
  /** Why a Deployment isn't live at this instant; empty when it is, and for every other kind. */
  notLive(ref: ObjectRef): readonly string[];
  /** What a preview shows of the way ahead: faults of new pods take their exposure from it. */
  preview(manifest: Manifest): void;
  /** While true, writes by the engine take fields from other managers: PULUMI_K8S_ENABLE_PATCH_FORCE. */
  setForce(force: boolean): void;
  /** Brings the cloud to the clock's present. Questions and writes do it by themselves. */
  settle(): void;
  /** ms since the epoch; while the past is being played, the time of the event. */
  now(): number;
  /** Lets faults that were added take hold. */
  touch(): void;
  status(ref: ObjectRef): DeploymentStatus | undefined;
  pods: Deployments["select"];
  /** The newest pod template that ran an identity in a Deployment, as a ReplicaSet keeps it. */
  template: Deployments["template"];
  readonly router: Router;
  readonly violations: readonly Violation[];
}

/** A cloud without objects. */
export function createCloud(context: CloudContext): Cloud {
  return new MemoryCloud(context);
}

class MemoryCloud implements Cloud {
  readonly #parts: CloudParts;
  readonly #context: CloudContext;
  readonly #objects = new Map<string, CloudObject>();
  #force = false;
  #uids = 0;
  constructor(context: CloudContext) {
    this.#context = context;
    this.#parts = createCloudParts(context);
  }

  get router(): Router {
    this.settle();
    return this.#parts.router;
  }

  get violations(): readonly Violation[] {
    this.settle();
    return this.#parts.violations;
  }

  create(manifest: Manifest, options: WriteOptions = {}): CloudObject {
    this.settle();
    const { kind, ref } = identify(manifest);
    validate(ref, manifest);
    if (this.#objects.has(keyOf(ref))) throw alreadyExists(kind.resource, ref);
    this.#uids += 1;
    const uid = `5a0d0000-0000-4000-8000-${String(this.#uids).padStart(12, "0")}`;
    const object = { ref, kind, manifest, uid, rulesOwner: ENGINE };
    return options.dryRun === true ? object : this.#store(object);
  }

  update(manifest: Manifest, options: WriteOptions = {}): CloudObject {
    this.settle();
    const { ref } = identify(manifest);
    const before = this.#known(ref);
    const force = options.force === true || this.#force || carriesForce(manifest);
    const object = written(before, manifest, { by: ENGINE, force });
    return options.dryRun === true ? object : this.#store(object, before);
  }

  patch(ref: ObjectRef, change: (manifest: Manifest) => Manifest, by: string): CloudObject {
    this.settle();
    const before = this.#known(ref);
    return this.#store(written(before, change(before.manifest), { by, force: true }), before);
  }

  release(ref: ObjectRef): void {
    this.#objects.set(keyOf(ref), { ...this.#known(ref), rulesOwner: ENGINE });
  }

  get(ref: ObjectRef): CloudObject | undefined {
    this.settle();
    return this.#objects.get(keyOf(ref));
  }

  list(kind?: string): readonly CloudObject[] {
    this.settle();
    return [...this.#objects.values()].filter((object) => kind === undefined || object.ref.kind === kind);
  }

  remove(ref: ObjectRef): void {
    this.settle();
    const object = this.#objects.get(keyOf(ref));
    if (object === undefined) return;
    this.#parts.violations.push(...deletedInUse(object, this.#parts));
    this.#objects.delete(keyOf(ref));
    const { deployments, router, services } = this.#parts;
    if (ref.kind === "Deployment") deployments.remove(ref);
    if (this.#parts.isEntry(ref)) router.remove(ref);
    if (ref.kind === "Service") services.delete(idOf(ref));
    this.#rescale(object);
    this.#parts.changed();
  }

  async awaitLive(ref: ObjectRef, timeoutMs: number): Promise<void> {
    const { timeline } = this.#parts;
    const endMs = timeline.now() + timeoutMs;
    for (let status = this.status(ref); status !== undefined && !status.complete; status = this.status(ref)) {
      const nowMs = timeline.now();
      if (status.deadlineExceeded || nowMs >= endMs) throw new NotLive(notLiveReasons(ref, status));
      const nextMs = Math.min(timeline.nextAt() ?? Infinity, status.deadlineAtMs ?? Infinity, endMs);
      await this.#context.clock.advance(nextMs - nowMs);
    }
  }

  notLive(ref: ObjectRef): readonly string[] {
    const status = ref.kind === "Deployment" ? this.status(ref) : undefined;
    return status === undefined || status.complete ? [] : notLiveReasons(ref, status);
  }

  preview(manifest: Manifest): void {
    const { ref } = identify(manifest);
    this.#remember(ref, manifest);
    if (!this.#parts.isEntry(ref)) return;
    const backends = backendsOf(manifest, ref);
    this.#context.faults.heading(backends[0]?.heading ?? this.#parts.exposureOf(backends));
  }

  setForce(force: boolean): void {
    this.#force = force;
  }

  settle(): void {
    this.#parts.timeline.settle();
  }

  now(): number {
    return this.#parts.timeline.now();
  }

  touch(): void {
    this.settle();
    this.#parts.changed();
  }

  status(ref: ObjectRef): DeploymentStatus | undefined {
    this.settle();
    return this.#parts.deployments.status(ref);
  }

  template(ref: ObjectRef, identity: string): ReturnType<Deployments["template"]> {
    this.settle();
    return this.#parts.deployments.template(ref, identity);
  }

  pods(namespace: string, selector: Readonly<Record<string, string>>): ReturnType<Deployments["select"]> {
    this.settle();
    return this.#parts.deployments.select(namespace, selector);
  }

  #known(ref: ObjectRef): CloudObject {
    const object = this.#objects.get(keyOf(ref));
    if (object === undefined) throw notFound(ref.kind, ref);
    return object;
  }

  #store(object: CloudObject, before?: CloudObject): CloudObject {
    const { ref, manifest } = object;
    this.#objects.set(keyOf(ref), object);
    this.#remember(ref, manifest);
    if (ref.kind === "Service") this.#parts.services.set(idOf(ref), labelsAt(manifest, "spec", "selector"));
    if (ref.kind === "Deployment") this.#scale(object);
    if (this.#parts.isEntry(ref) && !sameSpec(manifest, before?.manifest)) {
      this.preview(manifest);
      this.#parts.router.apply(ref, manifest);
    }
    this.#rescale(object);
    this.#parts.changed();
    return object;
  }

  #remember(ref: ObjectRef, manifest: Manifest): void {
    if (ref.kind === "Service") this.#parts.remembered.set(idOf(ref), labelsAt(manifest, "spec", "selector"));
  }

  #scale({ ref, manifest }: CloudObject): void {
    const autoscalers = [...this.#objects.values()].filter(
      (object) => object.ref.kind === "HorizontalPodAutoscaler",
    );
    const replicas = desiredReplicas(manifest, autoscalers, this.#parts.deployments.status(ref)?.replicas);
    this.#parts.deployments.apply(ref, manifest, replicas);
  }

  /** An autoscaler that came, changed or went moves the Deployment that it points to. */
  #rescale({ ref, manifest }: CloudObject): void {
    if (ref.kind !== "HorizontalPodAutoscaler") return;
    const name = textAt(manifest, "spec", "scaleTargetRef", "name") ?? "";
    const target = this.#objects.get(keyOf({ kind: "Deployment", namespace: ref.namespace, name }));
    if (target !== undefined) this.#scale(target);
  }
}
