import { createRequire } from "node:module";
import type * as ProviderProto from "@pulumi/pulumi/proto/provider_pb.js";

/** JSON in protobuf. */
export type Struct = NonNullable<ReturnType<ProviderProto.CheckRequest["getNews"]>>;

/** As much of @grpc/grpc-js as a provider needs. */
export interface GrpcServer {
  addService(service: unknown, handlers: Readonly<Record<string, unknown>>): void;
  bindAsync(address: string, credentials: unknown, done: (error: Error | null, port: number) => void): void;
  forceShutdown(): void;
}

interface Grpc {
  readonly Server: new (options: Readonly<Record<string, unknown>>) => GrpcServer;
  readonly ServerCredentials: { createInsecure(): unknown };
  readonly Metadata: new () => { add(key: string, value: Buffer): void };
  readonly status: { readonly UNKNOWN: number; readonly INVALID_ARGUMENT: number };
}

interface Message {
  serializeBinary(): Uint8Array;
}

/** The protobuf and gRPC modules that @pulumi/pulumi itself runs on. */
export interface Rpc {
  readonly grpc: Grpc;
  readonly proto: typeof ProviderProto;
  readonly service: unknown;
  readonly Struct: { fromJavaScript(value: object): Struct };
  readonly Empty: new () => Message;
  readonly PluginInfo: new () => Message & { setVersion(version: string): void };
  readonly Status: new () => Message & {
    setCode(code: number): void;
    setMessage(message: string): void;
    addDetails(any: unknown): void;
  };
  readonly Any: new () => { pack(bytes: Uint8Array, name: string): void };
}

/**
 * Loads the modules from where @pulumi/pulumi finds them: they are its dependencies, not ours, and messages
 * of a second copy of protobuf would not fit its service. Takes a tenth of a second, so only when needed.
 */
export function loadRpc(): Rpc {
  const ours = createRequire(import.meta.url);
  const theirs = createRequire(ours.resolve("@pulumi/pulumi/package.json"));
  const { ResourceProviderService } = theirs("./proto/provider_grpc_pb.js") as {
    ResourceProviderService: unknown;
  };
  return {
    grpc: theirs("@grpc/grpc-js") as Grpc,
    proto: theirs("./proto/provider_pb.js") as typeof ProviderProto,
    service: ResourceProviderService,
    Struct: (theirs("google-protobuf/google/protobuf/struct_pb.js") as Pick<Rpc, "Struct">).Struct,
    Empty: (theirs("google-protobuf/google/protobuf/empty_pb.js") as Pick<Rpc, "Empty">).Empty,
    Any: (theirs("google-protobuf/google/protobuf/any_pb.js") as Pick<Rpc, "Any">).Any,
    PluginInfo: (theirs("./proto/plugin_pb.js") as Pick<Rpc, "PluginInfo">).PluginInfo,
    Status: (theirs("./proto/status_pb.js") as Pick<Rpc, "Status">).Status,
  };
}
