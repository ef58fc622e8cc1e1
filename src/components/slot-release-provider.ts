/** What tells one dynamic provider of ours from another. */
export interface DynamicProvider {
  /** The resource's class, for its message. */
  readonly className: string;
  /** Environment variable with the module's absolute path; a driver sets it. */
  readonly variable: string;
  /** The module as the package exports it. */
  readonly module: string;
}

/**
 * Source of a dynamic provider, as the engine stores it with the resource and evaluates it in a process of its own. It
 * is written by hand instead of being serialised from functions: the same text for every version of this library and
 * of the SDK, so that an upgrade changes no resource, and no closure that could capture a module (which native ESM
 * can't serialise). It holds no logic: that is in the module which it loads.
 *
 * The module is found by the environment variable, else as the package's export from the program's folder. No path is
 * kept in the state: another checkout must neither show a change nor fail to refresh.
 */
export function providerSource({ className, variable, module }: DynamicProvider): string {
  return `exports.handler = () => {
  const { createRequire } = require("node:module");
  const { pathToFileURL } = require("node:url");
  const find = () => {
    const given = process.env.${variable};
    if (given) return given;
    try {
      return createRequire(process.cwd() + "/").resolve("${module}");
    } catch {
      throw new Error("${className} needs the package pulumi-rollouts in " + process.cwd() + ": npm install pulumi-rollouts");
    }
  };
  const call = (name) => async (...args) => {
    const module = await import(pathToFileURL(find()).href);
    try {
      return await module[name](...args);
    } catch (error) {
      if (error && error.hint) error.message += " " + error.hint;
      throw error;
    }
  };
  return { create: call("create"), read: call("read"), update: call("update"), diff: call("diff") };
};
`;
}

/** The provider of `SlotRelease`. */
export const slotProviderSource = providerSource({
  className: "SlotRelease",
  variable: "PULUMI_ROLLOUTS_SLOT_PROVIDER",
  module: "pulumi-rollouts/slot-provider",
});
