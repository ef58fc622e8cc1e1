import { shellWord } from "../lib/shell-word.ts";
import type { FlagConfig } from "../types/flag-config.ts";

/** What does it without us: a command of the Azure CLI. */
export function azByHand(verb: "disable" | "enable" | "unlock", flag: FlagConfig): string {
  const { spec, endpoint, label } = flag;
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : "";
  const store = /^([\w-]+)\.azconfig\./.exec(host)?.[1];
  const words = [
    `az appconfig feature ${verb}`,
    `--feature ${shellWord(spec.id)}`,
    store === undefined ? `--endpoint ${shellWord(endpoint)} --auth-mode login` : `--name ${store}`,
    ...(label === undefined ? [] : [`--label ${shellWord(label)}`]),
    "--yes",
  ];
  return words.join(" ");
}
