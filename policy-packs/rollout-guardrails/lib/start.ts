import { existsSync } from "node:fs";
import { join } from "node:path";
import { setFolders } from "./stack-facts.ts";

// Imported before the SDK, which reads the pack's version from the folder that it stands in. As an executable file a pack
// is started in the program's folder; as a directory in its own, and then the shell's folder is the best guess.
const here = process.cwd();
const config = existsSync(join(here, "Pulumi.yaml")) ? here : (process.env["PWD"] ?? here);
setFolders({ config, project: process.env["ROLLOUTS_PROJECT_DIR"] ?? config });
process.chdir(join(import.meta.dirname, ".."));
