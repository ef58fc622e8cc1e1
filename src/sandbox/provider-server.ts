import { RolloutError } from "../errors/errors.ts";
import { createSandboxProvider, type SandboxProvider } from "./provider.ts";
import { providerHandlers } from "./provider-handlers.ts";
import { loadRpc } from "./provider-rpc.ts";
import type { Sandbox } from "./sandbox.ts";

/** A provider that serves one sandbox to engines on this host. */
export interface ProviderServer {
  readonly port: number;
  /** What an engine's process needs in its environment to use it instead of the real provider. */
  readonly env: { readonly PULUMI_DEBUG_PROVIDERS: string };
  /** Stops it; calls under way are cut off. Nothing of it keeps the process alive afterwards. */
  close(): void;
}

const NO_LIMIT = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

/**
 * Serves a sandbox as the Kubernetes provider, on a free port of the loopback. It speaks the provider
 * protocol itself: the SDK's own `main` serves once per process, cannot be closed, and puts handlers for
 * uncaught errors on the process.
 */
export async function serveSandbox(sandbox: Sandbox): Promise<ProviderServer> {
  return await serveProvider(
    "kubernetes",
    createSandboxProvider(sandbox.cloud, async () => await sandbox.hooks.beforeWrite?.()),
  );
}

/** Serves any provider of the sandbox under its package's name. */
export async function serveProvider(name: string, provider: SandboxProvider): Promise<ProviderServer> {
  const rpc = loadRpc();
  const server = new rpc.grpc.Server(NO_LIMIT);
  server.addService(rpc.service, providerHandlers(rpc, provider));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", rpc.grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(unbound(error));
    });
  });
  return {
    port,
    env: { PULUMI_DEBUG_PROVIDERS: `${name}:${port}` },
    close: () => server.forceShutdown(),
  };
}

function unbound(cause: Error): RolloutError {
  return new RolloutError("The sandbox's provider can't listen on a port of 127.0.0.1.", {
    code: "sandbox-no-port",
    exit: "error",
    hint: `The system said: ${cause.message}`,
    cause,
  });
}
