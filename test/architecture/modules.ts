import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

export const root = resolve(import.meta.dirname, "../..");

export interface Import {
  readonly specifier: string;
  /** The module of ours that it means, from the root; undefined for packages. */
  readonly target: string | undefined;
  /** Erased at run time. */
  readonly typeOnly: boolean;
  /** `await import()`: not part of the load order. */
  readonly lazy: boolean;
}

export interface Module {
  /** From the root, `src/plan/steps.ts`. */
  readonly path: string;
  readonly source: ts.SourceFile;
  /** The text without comments. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** All TypeScript modules under a folder of the root; none where it doesn't exist. */
export function modulesUnder(folder: string): readonly Module[] {
  return filesUnder(join(root, folder)).map((file) => {
    const text = readFileSync(file, "utf8");
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
    return {
      path: relative(root, file),
      source,
      code: withoutComments(source, text),
      imports: importsOf(source, file),
    };
  });
}

/** The layer of a module of src: its folder, or `index`. */
export function layerOf(path: string): string {
  const [, layer = "", more] = path.split("/");
  return more === undefined ? layer.replace(/\.ts$/, "") : layer;
}

/** Groups of modules that import each other's values in a circle. */
export function cyclesOf(modules: readonly Module[]): readonly string[] {
  const edges = new Map(modules.map((module) => [module.path, valueTargets(module)]));
  const cycles: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      cycles.push([...trail.slice(at), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const { path } of modules) walk(path, []);
  return cycles;
}

function valueTargets(module: Module): readonly string[] {
  return module.imports.flatMap(({ target, typeOnly, lazy }) =>
    target === undefined || typeOnly || lazy ? [] : [target],
  );
}

function filesUnder(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter(
        (entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.parentPath.includes("node_modules"),
      )
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

function importsOf(source: ts.SourceFile, file: string): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: string, kind: { typeOnly: boolean; lazy: boolean }) => {
    const target = specifier.startsWith(".") ? relative(root, resolve(dirname(file), specifier)) : undefined;
    found.push({ specifier, target, ...kind });
  };
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      add((node.moduleSpecifier as ts.StringLiteral).text, { typeOnly: isTypeOnly(node), lazy: false });
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteral(argument)) add(argument.text, { typeOnly: false, lazy: true });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  if (clause.name || !named || !ts.isNamedImports(named)) return false;
  return named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
}

function withoutComments(source: ts.SourceFile, text: string): string {
  const scanner = ts.createScanner(ts.ScriptTarget.ESNext, true, ts.LanguageVariant.Standard, text);
  const parts: string[] = [];
  let end = 0;
  ts.forEachChild(source, function visit(node) {
    for (const range of [...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [])]) {
      if (range.pos < end) continue;
      parts.push(text.slice(end, range.pos));
      end = range.end;
    }
    ts.forEachChild(node, visit);
  });
  scanner.setText(text);
  parts.push(text.slice(end));
  return parts.join("");
}
