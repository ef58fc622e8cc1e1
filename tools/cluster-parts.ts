import { join } from "node:path";
import {
  type BuiltTool,
  buildGoTool,
  type GoBuildContext,
  type GoTool,
} from "../src/adapters/engine/go-build.ts";
import { runGo } from "../src/adapters/engine/go-command.ts";
import { RolloutError } from "../src/errors/errors.ts";

const kubernetes = "v1.35.4";

function controlPlanePart(name: string): GoTool {
  const version = "k8s.io/component-base/version";
  return {
    name,
    moduleDir: join(import.meta.dirname, "control-plane"),
    package: `k8s.io/kubernetes/cmd/${name}`,
    // Clients, the Kubernetes provider among them, ask the API server for its version.
    variables: {
      [`${version}.gitVersion`]: kubernetes,
      [`${version}.gitMajor`]: "1",
      [`${version}.gitMinor`]: "35",
    },
  };
}

/** The programs that cluster tests need, the one that takes longest to build first. */
export const clusterParts: readonly GoTool[] = [
  {
    name: "pulumi-resource-kubernetes",
    moduleDir: join(import.meta.dirname, "provider-kubernetes"),
    package: ".",
    // The version of the npm package whose resources it serves.
    variables: { "github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version": "4.34.2" },
  },
  controlPlanePart("kube-apiserver"),
  controlPlanePart("kube-controller-manager"),
  controlPlanePart("kube-scheduler"),
  {
    name: "kubectl",
    moduleDir: join(import.meta.dirname, "kubectl"),
    package: ".",
    variables: { "k8s.io/component-base/version.gitVersion": kubernetes },
  },
  { name: "kwok", moduleDir: join(import.meta.dirname, "kwok"), package: "sigs.k8s.io/kwok/cmd/kwok" },
];

/**
 * Builds one part, or finds it in the cache.
 *
 * @throws RolloutError `part-unknown`, or what the build throws
 */
export async function clusterPart(name: string, context: GoBuildContext): Promise<BuiltTool> {
  const tool = clusterParts.find((part) => part.name === name);
  if (tool) return await buildGoTool(tool, context);
  throw new RolloutError(`There is no part ${JSON.stringify(name)}.`, {
    code: "part-unknown",
    exit: "config",
    hint: `the parts are ${clusterParts.map((part) => part.name).join(", ")}`,
  });
}

/** Modules of which we read files rather than compile them; each is pinned in a folder of this directory. */
const sourceModules = {
  "gateway-api": "sigs.k8s.io/gateway-api",
  kwok: "sigs.k8s.io/kwok",
} as const;

/**
 * The folder of a pinned module in Go's module cache; downloads it when it isn't there.
 *
 * @throws RolloutError `module-unavailable`
 */
export async function moduleFolder(
  name: keyof typeof sourceModules,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const lines: string[] = [];
  const code = await runGo(["mod", "download", "-json", sourceModules[name]], {
    cwd: join(import.meta.dirname, name),
    env,
    onLine: (line) => lines.push(line),
  });
  // Talk about downloads may stand around the JSON.
  const text = lines.join("\n");
  const json = code === 0 ? /^\{[\s\S]*^\}/m.exec(text)?.[0] : undefined;
  if (json) return (JSON.parse(json) as { Dir: string }).Dir;
  throw new RolloutError(`go mod download ${sourceModules[name]} failed (exit ${code}): ${text}`, {
    code: "module-unavailable",
    exit: "error",
    hint: "the Go module proxy must be reachable for the first download",
  });
}
