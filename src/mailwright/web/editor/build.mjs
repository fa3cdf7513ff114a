// Bundles src/ into static/editor.js and static/editor.css. Each begins with the hash of what it was
// made from, which tests/web/test_editor_bundle.py compares: a stale bundle fails without Node.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "static");
const MADE_FROM = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"];

function sources() {
  const inside = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(here.length + 1).replaceAll("\\", "/"));
  return [...MADE_FROM, ...inside].sort();
}

function hash() {
  const made = createHash("sha256");
  for (const name of sources()) made.update(`${name}\n`).update(readFileSync(join(here, name)));
  return made.digest("hex");
}

// Every package in the bundle, with its licence.
function licences(inputs) {
  const roots = new Set(
    Object.keys(inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]).filter(Boolean),
  );
  const parts = [...roots].sort().map((name) => {
    const folder = join(here, "node_modules", name);
    const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${about.license}`;
    return `${name} ${about.version}\n\n${text}\n`;
  });
  return `editor.js contains these packages.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

const banner = `/* Built by \`make editor\`; do not edit. Sources: sha256 ${hash()} */`;
const result = await build({
  absWorkingDir: here,
  entryPoints: [
    { in: "src/index.ts", out: "editor" },
    { in: "src/editor.css", out: "editor" },
  ],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  banner: { js: banner, css: banner },
  outdir: target,
});
writeFileSync(join(target, "editor.LICENSE.txt"), licences(result.metafile.inputs));
for (const [file, made] of Object.entries(result.metafile.outputs)) console.log(file, made.bytes);
