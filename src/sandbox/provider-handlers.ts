import type * as ProviderProto from "@pulumi/pulumi/proto/provider_pb.js";
import type { PathChange } from "./diff.ts";
import type { Manifest } from "./manifest.ts";
import { InitFailed, type ResourceState, type SandboxProvider } from "./provider.ts";
import type { Rpc, Struct } from "./provider-rpc.ts";

type Unary = (call: { readonly request: never }, done: (error: unknown, response?: unknown) => void) => void;

/** Handlers of the provider protocol. What they leave out answers `unimplemented`, which the engine knows. */
export type Handlers = Readonly<Record<string, Unary>>;

/** Above every release of the real one, as the engine warns of a provider that is older than the SDK. */
const VERSION = "4.9999.0-sandbox";

/** The provider protocol over a sandbox's provider. */
export function providerHandlers(rpc: Rpc, provider: SandboxProvider): Handlers {
  return { ...lifecycle(rpc), ...inputs(rpc, provider), ...resources(rpc, provider) };
}

function lifecycle(rpc: Rpc): Handlers {
  const { proto } = rpc;
  const empty = (): unknown => new rpc.Empty();
  return {
    attach: unary(rpc, empty),
    cancel: unary(rpc, empty),
    getPluginInfo: unary(rpc, () => {
      const info = new rpc.PluginInfo();
      info.setVersion(VERSION);
      return info;
    }),
    getSchema: unary(rpc, () => new proto.GetSchemaResponse().setSchema("{}")),
    checkConfig: unary(rpc, (request: ProviderProto.CheckRequest) =>
      new proto.CheckResponse().setInputs(request.getNews()),
    ),
    diffConfig: unary(rpc, () =>
      new proto.DiffResponse().setChanges(proto.DiffResponse.DiffChanges.DIFF_NONE),
    ),
    // Secrets come in the clear and the engine marks them again by the inputs: they stay secrets in the state.
    configure: unary(rpc, () =>
      new proto.ConfigureResponse()
        .setAcceptsecrets(false)
        .setAcceptresources(false)
        .setAcceptoutputs(false)
        .setSupportspreview(true),
    ),
    invoke: unary(rpc, (request: ProviderProto.InvokeRequest) => {
      throw new Error(`the sandbox serves no functions, such as ${request.getTok()}`);
    }),
  };
}

function inputs(rpc: Rpc, provider: SandboxProvider): Handlers {
  const { proto } = rpc;
  return {
    check: unary(rpc, (request: ProviderProto.CheckRequest) => {
      const problems = provider.check(request.getUrn(), manifestOf(request.getNews()));
      const failures = problems.map((reason) => new proto.CheckFailure().setProperty("").setReason(reason));
      return new proto.CheckResponse().setInputs(request.getNews()).setFailuresList(failures);
    }),
    diff: unary(rpc, (request: ProviderProto.DiffRequest) => {
      const before = manifestOf(request.getOldInputs() ?? request.getOlds());
      return diffResponse(rpc, provider.diff(before, manifestOf(request.getNews())));
    }),
  };
}

function resources(rpc: Rpc, provider: SandboxProvider): Handlers {
  const { proto } = rpc;
  const struct = (manifest: Manifest): Struct => rpc.Struct.fromJavaScript(manifest);
  return {
    create: unary(rpc, async (request: ProviderProto.CreateRequest) => {
      const state = await provider.create(writeOf(request, request.getProperties()));
      return new proto.CreateResponse().setId(state.id).setProperties(struct(state.outputs));
    }),
    update: unary(rpc, async (request: ProviderProto.UpdateRequest) => {
      const state = await provider.update(writeOf(request, request.getNews()));
      return new proto.UpdateResponse().setProperties(struct(state.outputs));
    }),
    read: unary(rpc, (request: ProviderProto.ReadRequest) => {
      const state = provider.read(request.getUrn(), request.getId());
      const response = new proto.ReadResponse();
      if (state === undefined) return response;
      return response.setId(state.id).setProperties(struct(state.outputs)).setInputs(struct(state.inputs));
    }),
    delete: unary(rpc, (request: ProviderProto.DeleteRequest) => {
      provider.remove(request.getUrn(), request.getId());
      return new rpc.Empty();
    }),
  };
}

function writeOf(
  request: { getUrn(): string; getPreview(): boolean; getTimeout(): number },
  struct: Struct | undefined,
): Parameters<SandboxProvider["create"]>[0] {
  return {
    urn: request.getUrn(),
    inputs: manifestOf(struct),
    preview: request.getPreview(),
    timeoutMs: request.getTimeout() * 1_000,
  };
}

function manifestOf(struct: Struct | undefined): Manifest {
  return (struct?.toJavaScript() ?? {}) as Manifest;
}

function diffResponse(rpc: Rpc, diff: ReturnType<SandboxProvider["diff"]>): ProviderProto.DiffResponse {
  const { DiffResponse, PropertyDiff } = rpc.proto;
  const { DIFF_NONE, DIFF_SOME } = DiffResponse.DiffChanges;
  const response = new DiffResponse()
    .setChanges(diff.changes.length === 0 ? DIFF_NONE : DIFF_SOME)
    .setDiffsList([...new Set(diff.changes.map((change) => change.path.split(/[.[]/)[0] ?? ""))])
    .setReplacesList(diff.changes.filter((change) => change.replaces).map((change) => change.path))
    .setDeletebeforereplace(diff.deleteBeforeReplace)
    .setHasdetaileddiff(true);
  for (const change of diff.changes) {
    response
      .getDetaileddiffMap()
      .set(change.path, new PropertyDiff().setKind(kindOf(rpc, change)).setInputdiff(true));
  }
  return response;
}

function kindOf(rpc: Rpc, { kind, replaces }: PathChange): ProviderProto.PropertyDiff.Kind {
  const { Kind } = rpc.proto.PropertyDiff;
  if (kind === "add") return replaces ? Kind.ADD_REPLACE : Kind.ADD;
  if (kind === "delete") return replaces ? Kind.DELETE_REPLACE : Kind.DELETE;
  return replaces ? Kind.UPDATE_REPLACE : Kind.UPDATE;
}

function unary<Request>(rpc: Rpc, answer: (request: Request) => unknown): Unary {
  return (call, done) => {
    Promise.resolve()
      .then(() => answer(call.request))
      .then(
        (response) => done(null, response),
        (error: unknown) => done(grpcError(rpc, error)),
      );
  };
}

/** An error as gRPC carries it; a resource that was made but isn't live travels in its details. */
function grpcError(rpc: Rpc, error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new rpc.grpc.Metadata();
  if (error instanceof InitFailed)
    metadata.add("grpc-status-details-bin", initFailedDetails(rpc, message, error));
  return { code: rpc.grpc.status.UNKNOWN, details: message, message, metadata };
}

function initFailedDetails(
  rpc: Rpc,
  message: string,
  error: { state: ResourceState; reasons: readonly string[] },
): Buffer {
  const detail = new rpc.proto.ErrorResourceInitFailed()
    .setId(error.state.id)
    .setProperties(rpc.Struct.fromJavaScript(error.state.outputs))
    .setInputs(rpc.Struct.fromJavaScript(error.state.inputs))
    .setReasonsList([...error.reasons]);
  const any = new rpc.Any();
  any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new rpc.Status();
  status.setCode(rpc.grpc.status.UNKNOWN);
  status.setMessage(message);
  status.addDetails(any);
  return Buffer.from(status.serializeBinary());
}
