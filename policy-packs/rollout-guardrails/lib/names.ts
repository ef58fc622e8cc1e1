import * as z from "zod";

/** Parameter of rules: names, these by default. */
export const names = (...of: readonly string[]) => z.array(z.string().min(1)).default([...of]);
