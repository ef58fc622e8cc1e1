/** The guide's migration as a stack writes it. */
export const validMigration = {
  id: "orders-total-cents",
  phases: {
    expand: {
      do: [{ run: ["npm", "run", "migrate", "expand"] }],
      undo: [{ run: ["npm", "run", "migrate", "unexpand"] }],
    },
    "dual-write": { do: [{ deploy: "2.0.0" }], undo: [{ deploy: "1.0.0" }] },
    backfill: { do: [{ run: ["npm", "run", "backfill"], timeout: "6h" }], undo: [] },
    "switch-reads": { do: [{ deploy: "3.0.0" }], undo: [{ deploy: "2.0.0" }] },
    contract: {
      do: [{ deploy: "4.0.0" }, { run: ["npm", "run", "migrate", "contract"] }],
      irreversible: "it drops the old column",
    },
  },
} as const;
