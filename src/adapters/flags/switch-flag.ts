import { RolloutError } from "../../errors/errors.ts";
import { parseFlag, printFlag } from "../../plan/flag-json.ts";
import { withEnabled } from "../../plan/flag-value.ts";
import type { Flags } from "../../ports/flags.ts";
import { type ChangeFlagOptions, changeFlag, type FlagChanged } from "./change-flag.ts";

/**
 * Switches a flag on or off and keeps all else that stands in it, whoever wrote it and when: filters, variants, members
 * that nobody here knows, tags. Throws what `changeFlag` throws, `flag-gone` where there is none, `flag-json` on what is
 * no flag.
 */
export async function switchFlag(
  flags: Flags,
  enabled: boolean,
  options: ChangeFlagOptions,
): Promise<FlagChanged> {
  return await changeFlag(
    flags,
    (there) => {
      if (there === undefined) throw flagGone(flags);
      const flag = parseFlag(there.value);
      // Absent is off.
      if ((flag["enabled"] === true) === enabled) return undefined;
      return { ...there, value: printFlag(withEnabled(flag, enabled), there.value) };
    },
    options,
  );
}

/** Nothing stands under the flag's key and label. */
export function flagGone({ name }: Flags): RolloutError {
  return new RolloutError(`${name} is not in the store.`, {
    code: "flag-gone",
    exit: "resource",
    hint: "The stack makes it: `pulumi up --refresh`; until then applications take it as off.",
  });
}
