import { describe, expect, it } from "vitest";
import { budgetsOf, functionLengths } from "./measure.ts";
import { cyclesOf, layerOf, type Module, modulesUnder } from "./modules.ts";

const modules = modulesUnder("src");

const base = ["types", "errors", "lib"];
const core = [...base, "config", "plan", "analysis", "decide"];

/** Design, section 2: what each layer may import besides itself. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  types: [],
  errors: ["types"],
  lib: ["types", "errors"],
  config: base,
  plan: base,
  analysis: base,
  decide: base,
  ports: core,
  driver: [...core, "ports"],
  components: [...base, "plan"],
  program: [...core, "ports", "components"],
  adapters: [...core, "ports", "program"],
  sandbox: [...core, "ports"],
  cli: [...core, "ports", "driver", "components", "program", "adapters", "sandbox"],
  azure: ["components"],
  monitor: ["components"],
  aks: ["components"],
  index: [...core, "ports", "driver", "components", "program", "adapters"],
};

const pure = ["plan", "analysis", "decide"];

/** Things that make a module depend on when and where it runs. */
const banned = [
  /\bDate\.now\b/,
  /\bnew Date\(\)/,
  /\bMath\.random\b/,
  /\bfetch\(/,
  /\bprocess\./,
  /\bsetTimeout\b/,
];
const bannedImports = [/^node:(fs|net|http|https|child_process|os|timers)/, /^@pulumi\//, /^@kubernetes\//];

describe("the house", () => {
  it("has modules to look at", () => {
    expect(modules.length).toBeGreaterThan(40);
  });

  it("has no upward arrow", () => {
    const upward = modules.flatMap((module) =>
      module.imports
        .filter(({ target }) => target !== undefined && !mayImport(module, target))
        .map(({ target }) => `${module.path} -> ${target}`),
    );
    expect(upward).toEqual([]);
  });

  it("has a policy pack that stands on pure parts and components, whose rules don't know each other", () => {
    const allowed = [...core, "components"];
    const wrong = modulesUnder("policy-packs").flatMap((module) =>
      module.imports
        .filter(({ target }) => target !== undefined)
        .filter(({ target = "" }) =>
          target.startsWith("src/")
            ? !allowed.includes(layerOf(target))
            : module.path.includes("/policies/") && target.includes("/policies/"),
        )
        .map(({ target }) => `${module.path} -> ${target}`),
    );
    expect(wrong).toEqual([]);
    const users = modules.filter((module) =>
      module.imports.some(({ target }) => target?.startsWith("policy-packs/")),
    );
    expect(users.map(({ path }) => path)).toEqual([]);
  });

  it("has adapters that don't know each other", () => {
    const sideways = modules
      .filter((module) => module.path.startsWith("src/adapters/") && module.path.split("/").length > 3)
      .flatMap((module) =>
        module.imports
          .filter(
            ({ target }) => target?.startsWith("src/adapters/") && folder(target) !== folder(module.path),
          )
          .map(({ target }) => `${module.path} -> ${target}`),
      );
    expect(sideways).toEqual([]);
  });

  it("has no cycle of value imports", () => {
    expect(cyclesOf(modules)).toEqual([]);
  });

  it("keeps plan, analysis and decide pure", () => {
    const impure = modules
      .filter((module) => pure.includes(layerOf(module.path)))
      .flatMap((module) => [
        ...banned
          .filter((pattern) => pattern.test(module.code))
          .map((pattern) => `${module.path}: ${pattern}`),
        ...module.imports
          .filter(({ specifier }) => bannedImports.some((pattern) => pattern.test(specifier)))
          .map(({ specifier }) => `${module.path}: import ${specifier}`),
      ]);
    expect(impure).toEqual([]);
  });

  it("has one barrel and imports files, never folders", () => {
    const barrels = modules
      .filter((module) => module.path.endsWith("/index.ts"))
      .map((module) => module.path);
    expect(barrels.sort()).toEqual(["src/index.ts", "src/program/index.ts"]);
  });
});

describe("budgets (design, section 2; figures: execa and changesets)", () => {
  const all = [...modules, ...modulesUnder("tools"), ...modulesUnder("policy-packs")];
  const measured = all.map((module) => ({ path: module.path, ...budgetsOf(module) }));

  it("file: at most 250 lines", () => {
    expect(measured.filter(({ lines }) => lines > 250).map(({ path, lines }) => `${path}: ${lines}`)).toEqual(
      [],
    );
  });

  it("module: at most 8 exports, but for the barrel", () => {
    const many = measured.filter(({ path, exports }) => exports > 8 && path !== "src/index.ts");
    expect(many.map(({ path, exports }) => `${path}: ${exports}`)).toEqual([]);
  });

  it("function: at most 60 lines, 95 of 100 at most 35", () => {
    const lengths = all.flatMap((module) => functionLengths(module));
    expect(lengths.filter(({ lines }) => lines > 60).map(({ name, lines }) => `${name}: ${lines}`)).toEqual(
      [],
    );
    const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length * 0.95)]).toBeLessThanOrEqual(35);
  });

  it("function: at most 3 positional parameters", () => {
    const wide = all.flatMap((module) => functionLengths(module)).filter(({ parameters }) => parameters > 3);
    expect(wide.map(({ name, parameters }) => `${name}: ${parameters}`)).toEqual([]);
  });
});

function mayImport(module: Module, target: string): boolean {
  const from = layerOf(module.path);
  const to = layerOf(target);
  return from === to || (arrows[from] ?? []).includes(to);
}

function folder(path: string): string {
  return path.split("/").slice(0, 3).join("/");
}
