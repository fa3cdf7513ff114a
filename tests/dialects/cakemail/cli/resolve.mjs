// The program was published as TypeScript made it, without the file endings that Node wants in imports.
import { existsSync, statSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath } from "node:url";

if (!import.meta.url.endsWith("?hook")) register(`${import.meta.url}?hook`);

export async function resolve(specifier, context, next) {
  if (specifier.startsWith(".") && context.parentURL?.startsWith("file:")) {
    const target = new URL(specifier, context.parentURL);
    const path = fileURLToPath(target);
    if (!existsSync(path)) return next(`${specifier}.js`, context);
    if (statSync(path).isDirectory()) return next(`${specifier}/index.js`, context);
  }
  return next(specifier, context);
}
