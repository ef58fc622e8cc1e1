import type { Command } from "../command.ts";

export const schemaCommand: Command = {
  name: "schema",
  summary: "print the JSON schema of the rollout config",
  needsStack: false,
  options: [],
  examples: ["rollouts schema > rollout.schema.json"],
  handler: async () => {
    const { rolloutJsonSchema } = await import("../../config/schema.ts");
    const schema = rolloutJsonSchema();
    return { data: schema, text: JSON.stringify(schema, null, 2) };
  },
};
