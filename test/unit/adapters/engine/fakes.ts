import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GoTool } from "../../../../src/adapters/engine/go-build.ts";

/** A home with an empty cache, a fake `go`, and a module to build. */
export interface FakeMachine {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly tool: GoTool;
  readonly lines: string[];
  readonly log: (line: string) => void;
  /** How often `go build` ran. */
  builds(): number;
  /** Puts an executable script into the folder that is first on PATH. */
  script(name: string, body: string): string;
  remove(): void;
}

/** A stand-in for Go: writes a program that prints a version, as slowly or badly as FAKE_GO_* asks for. */
const fakeGo = `
case "$1" in
  env) printf '{"GOVERSION":"%s","GOOS":"linux","GOARCH":"amd64"}\\n' "\${FAKE_GO_VERSION:-go1.26.8}" ;;
  build)
    echo build >> "$FAKE_GO_CALLS"
    echo "go: downloading example.com/a v1.0.0" >&2
    sleep "\${FAKE_GO_SECONDS:-0}"
    if [ -n "$FAKE_GO_FAILS" ]; then echo "undefined: everything" >&2; exit 1; fi
    while [ "$1" != "-o" ]; do shift; done
    printf '#!/bin/sh\\necho v3.274.1\\n' > "$2"
    chmod +x "$2" ;;
esac
`;

export function fakeMachine(): FakeMachine {
  const dir = mkdtempSync(join(tmpdir(), "engine-test-"));
  for (const folder of ["bin", "module", "cache"]) mkdirSync(join(dir, folder));
  writeFileSync(join(dir, "module", "go.mod"), "module example.invalid/tool\n\ngo 1.26.0\n");
  writeFileSync(join(dir, "module", "go.sum"), "example.com/a v1.0.0 h1:aaaa\n");
  const calls = join(dir, "calls");
  const lines: string[] = [];
  const script = (name: string, body: string): string => {
    const path = join(dir, "bin", name);
    writeFileSync(path, `#!/bin/sh\n${body}`);
    chmodSync(path, 0o755);
    return path;
  };
  script("go", fakeGo);
  return {
    dir,
    env: {
      PATH: `${join(dir, "bin")}:/usr/bin:/bin`,
      HOME: dir,
      XDG_CACHE_HOME: join(dir, "cache"),
      FAKE_GO_CALLS: calls,
    },
    tool: { name: "tool", moduleDir: join(dir, "module"), package: "example.com/a/cmd/tool" },
    lines,
    log: (line) => lines.push(line),
    builds: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n").length : 0),
    script,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
