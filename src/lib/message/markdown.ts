import type { RolloutMessage } from "../../types/message.ts";
import { documentOf, type MessageBlock, verdictSymbols } from "./document.ts";

/** A message as Markdown (CommonMark with tables). What people have written can't become markup. */
export function messageMarkdown(message: RolloutMessage): string {
  const { symbol, title, blocks, footer } = documentOf(message);
  const parts = [
    `## ${symbol} ${escapedMarkdown(title)}`,
    ...blocks.map(blockMarkdown),
    `_${escapedMarkdown(footer)}_`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function blockMarkdown(block: MessageBlock): string {
  switch (block.kind) {
    case "text":
      return block.text.split("\n").map(escapedMarkdown).join("  \n");
    case "fields":
      return block.fields.map(([label, value]) => `**${label}:** ${escapedMarkdown(value)}`).join("  \n");
    case "metrics":
      return [
        `**${block.title}**`,
        "",
        "| Metric | Value | Limit | |",
        "|---|---|---|---|",
        ...block.rows.map(
          ({ name, value, limit = "", verdict }) =>
            `| ${escapedMarkdown(name)} | ${escapedMarkdown(value)} | ${escapedMarkdown(limit)} | ${verdictSymbols[verdict]} |`,
        ),
      ].join("\n");
    case "list":
      return [`**${block.title}:**`, "", ...block.items.map((item) => `- ${escapedMarkdown(item)}`)].join(
        "\n",
      );
    case "links":
      return `**${block.title}:** ${block.links.map(({ name, url }) => `[${escapedMarkdown(name)}](<${url}>)`).join(", ")}`;
    case "code":
      return [`**${escapedMarkdown(block.title)}:**`, "", "```sh", ...block.lines, "```"].join("\n");
  }
}

/** A text that can't become markup. Code that was meant (`rollouts run`) stays code. */
export function escapedMarkdown(text: string): string {
  return text
    .split(/(`[^`\n]+`)/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/[\\*_[\]<>|`#~]/g, "\\$&")))
    .join("");
}
