import { RolloutError } from "../errors/errors.ts";
import type { Cloud, CloudObject } from "./cloud.ts";
import { diffInputs, type InputDiff } from "./diff.ts";
import { identify, servedKind } from "./kinds.ts";
import { idOf, type Manifest, type ObjectRef, textAt } from "./manifest.ts";
import { NotLive } from "./messages.ts";

/** What the engine keeps of an object: its id, what was written, and what the server added. */
export interface ResourceState {
  readonly id: string;
  readonly inputs: Manifest;
  readonly outputs: Manifest;
}

/** The object was written and stands in the cloud, but did not become live: the engine keeps it with these reasons. */
export class InitFailed extends Error {
  readonly state: ResourceState;
  readonly reasons: readonly string[];

  constructor(message: string, state: ResourceState, reasons: readonly string[]) {
    super(message);
    this.name = "InitFailed";
    this.state = state;
    this.reasons = reasons;
  }
}

/** A write that the engine asks for. */
export interface WriteRequest {
  readonly urn: string;
  readonly inputs: Manifest;
  /** True in a preview: nothing is written. */
  readonly preview: boolean;
  /** `customTimeouts` of the resource in ms; 0 where there is none. */
  readonly timeoutMs: number;
}

/** Pulumi's resource operations over a sandbox's cloud. All refusals are RolloutErrors. */
export interface SandboxProvider {
  /** Problems of the inputs, one text each; none: they are taken as they are. */
  check(urn: string, inputs: Manifest): readonly string[];
  diff(before: Manifest, after: Manifest): InputDiff;
  create(request: WriteRequest): Promise<ResourceState>;
  update(request: WriteRequest): Promise<ResourceState>;
  /** The cloud's present state; undefined when the object is gone. Throws `InitFailed` when it isn't live. */
  read(urn: string, id: string): ResourceState | undefined;
  remove(urn: string, id: string): void;
}

/** The Kubernetes provider's default, where neither the resource nor an annotation says otherwise. */
const AWAIT_MS = 600_000;

/** A provider over a cloud. `beforeWrite` is called before a write takes force. */
export function createSandboxProvider(
  cloud: Cloud,
  beforeWrite: () => Promise<void> = async () => {},
): SandboxProvider {
  const live = async (object: CloudObject, timeoutMs: number): Promise<ResourceState> => {
    if (object.ref.kind !== "Deployment" || annotation(object.manifest, "skipAwait") === "true")
      return stateOf(object);
    const seconds = Number(annotation(object.manifest, "timeoutSeconds") ?? 0);
    try {
      await cloud.awaitLive(object.ref, timeoutMs > 0 ? timeoutMs : seconds > 0 ? seconds * 1_000 : AWAIT_MS);
    } catch (error) {
      if (!(error instanceof NotLive)) throw error;
      throw new InitFailed(error.message, stateOf(object), error.reasons);
    }
    return stateOf(object);
  };
  return {
    check: (urn, inputs) => problemsOf(urn, inputs),
    diff: diffInputs,
    create: async ({ inputs, preview, timeoutMs }) => {
      if (!preview) {
        await beforeWrite();
        return live(cloud.create(inputs), timeoutMs);
      }
      cloud.preview(inputs);
      return { id: "", inputs, outputs: inputs };
    },
    update: async ({ inputs, preview, timeoutMs }) => {
      if (!preview) {
        await beforeWrite();
        return live(cloud.update(inputs), timeoutMs);
      }
      cloud.preview(inputs);
      return stateOf(cloud.update(inputs, { dryRun: true }));
    },
    read: (urn, id) => {
      const object = cloud.get(refOf(urn, id));
      if (object === undefined) return undefined;
      const reasons = cloud.notLive(object.ref);
      if (reasons.length === 0 || annotation(object.manifest, "skipAwait") === "true") return stateOf(object);
      throw new InitFailed(reasons.join("; "), stateOf(object), reasons);
    },
    remove: (urn, id) => cloud.remove(refOf(urn, id)),
  };
}

/** What the engine stores. Only what stays as it is until the next write: a refresh must not see changes in status. */
function stateOf({ ref, manifest, uid }: CloudObject): ResourceState {
  const metadata = { ...(manifest["metadata"] as Manifest), uid };
  const placed = ref.namespace === "" ? metadata : { ...metadata, namespace: ref.namespace };
  return { id: idOf(ref), inputs: manifest, outputs: { ...manifest, metadata: placed } };
}

function problemsOf(urn: string, inputs: Manifest): readonly string[] {
  try {
    const expected = kindOf(urn);
    const { kind } = identify(inputs);
    if (kind === expected) return [];
    return [`the type ${typeOf(urn)} does not fit the object's ${kind.apiVersion}/${kind.kind}`];
  } catch (error) {
    if (error instanceof RolloutError) return [`${error.message} ${error.hint ?? ""}`.trim()];
    throw error;
  }
}

function refOf(urn: string, id: string): ObjectRef {
  const { kind } = kindOf(urn);
  const slash = id.indexOf("/");
  return { kind, namespace: slash === -1 ? "" : id.slice(0, slash), name: id.slice(slash + 1) };
}

/** `urn:pulumi:dev::p::a$kubernetes:apps/v1:Deployment::web` → `kubernetes:apps/v1:Deployment`. */
function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

function kindOf(urn: string): ReturnType<typeof servedKind> {
  const [, group, kind] = typeOf(urn).split(":");
  return servedKind(group === "core/v1" ? "v1" : group, kind);
}

function annotation(manifest: Manifest, name: string): string | undefined {
  return textAt(manifest, "metadata", "annotations", `pulumi.com/${name}`);
}
