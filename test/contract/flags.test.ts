import { flagKey } from "../../src/plan/flag-value.ts";
import { flagId, startFlagsWorld } from "../support/flags-world.ts";
import { createMemoryFlags } from "../support/memory-flags.ts";
import { flagsSuite } from "./flags-suite.ts";

flagsSuite("memory", async () => {
  const flags = createMemoryFlags();
  return {
    flags,
    put: async (content) => flags.put(content),
    lock: async (locked) => flags.lock(locked),
    breakIt: async () => flags.failWith(new Error("down")),
  };
});

for (const label of [undefined, "prod"]) {
  flagsSuite(`App Configuration, ${label ?? "no label"}`, async () => {
    const { server, flags, put } = await startFlagsWorld(label === undefined ? {} : { label });
    return {
      flags,
      put: async (content) => put(content),
      lock: async (locked) => void server.store.lock({ key: flagKey(flagId), label: label ?? null }, locked),
      breakIt: () => server.close(),
    };
  });
}
