import ts from "typescript";
import type { Module } from "./modules.ts";

export interface Budgets {
  readonly lines: number;
  readonly exports: number;
}

export function budgetsOf({ source }: Module): Budgets {
  const lines = source.text.trimEnd().split("\n").length;
  return { lines, exports: source.statements.reduce((sum, statement) => sum + exportsOf(statement), 0) };
}

export interface MeasuredFunction {
  readonly name: string;
  readonly lines: number;
  readonly parameters: number;
}

/** Every function with a body, by its own lines. */
export function functionLengths({ source, path }: Module): readonly MeasuredFunction[] {
  const found: MeasuredFunction[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body) {
      const start = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
      const end = source.getLineAndCharacterOfPosition(node.end).line;
      found.push({
        name: `${path}:${start + 1} ${nameOf(node)}`,
        lines: end - start + 1,
        parameters: positional(node),
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function positional(node: ts.SignatureDeclaration): number {
  // A rest parameter of a tuple type is as many positional parameters as the tuple has members.
  return node.parameters.reduce((sum, { dotDotDotToken, type }) => {
    return sum + (dotDotDotToken && type && ts.isTupleTypeNode(type) ? type.elements.length : 1);
  }, 0);
}

function nameOf(node: ts.SignatureDeclaration): string {
  return node.name && ts.isIdentifier(node.name) ? node.name.text : "(anonymous)";
}

function exportsOf(statement: ts.Statement): number {
  if (ts.isExportDeclaration(statement)) {
    return statement.exportClause && ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.length
      : 1;
  }
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  if (!modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)) return 0;
  return ts.isVariableStatement(statement) ? statement.declarationList.declarations.length : 1;
}
