import { createNodePoolLever } from "../../src/adapters/node-pools/node-pool-lever.ts";
import { createVirtualClock } from "../../src/sandbox/clock.ts";
import type { NodePoolLeverConfig } from "../../src/types/node-pools.ts";
import { createMemoryNodes } from "../support/memory-nodes.ts";
import { leverSuite } from "./lever-suite.ts";

const [stable, candidate] = ["aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"];
/** Ten, so that a tenth of the exposure is a pool. */
const pools = Array.from({ length: 10 }, (_, index) => `pool-${index}`);

// The engine moves pools forward, one after another; the lever takes all of them back.
const reach = {
  moves: [0],
  keepsCandidate: true,
  refuses: [-1, 101, 0.5, Number.NaN, 5, 50, 100],
  needsCandidate: { exposure: 100, code: "exposure-invalid" },
};

leverSuite(
  "node pools",
  async () => {
    const clock = createVirtualClock({ startMs: Date.UTC(2026, 0, 15, 10) });
    const cluster = createMemoryNodes({ clock });
    const config: NodePoolLeverConfig = {
      kind: "node-pools",
      pools,
      maxSurge: "1",
      drainTimeoutSeconds: 600,
    };
    const sides = { stable: `1.33.5+${stable}`, candidate: `1.34.2+${candidate}` };
    return {
      lever: createNodePoolLever({ api: cluster.api, config, sides, clock }),
      writes: () => cluster.writes.length,
      set: async ({ exposure, hasCandidate }) => {
        cluster.nodes.length = 0;
        cluster.pods.length = 0;
        for (const [index, pool] of pools.entries()) {
          const moved = index < exposure / 10;
          cluster.addNodes(pool, stable, [`${pool}-old`]);
          if (hasCandidate) cluster.addNodes(pool, candidate, [`${pool}-new`]);
          for (const node of cluster.nodes.slice(hasCandidate ? -2 : -1)) {
            node.schedulable = (node.build === candidate) === moved;
          }
          cluster.addPods(pool, [moved ? `${pool}-new` : `${pool}-old`]);
        }
      },
      breakIt: async () => {
        cluster.onCall = () => {
          throw new Error("down");
        };
      },
    };
  },
  reach,
);
