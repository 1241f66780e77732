// SPDX-License-Identifier: Apache-2.0
// Bundles the dashboard and writes it as C++, each file plain and compressed.
//
//   node build.mjs MODULES page.cpp     the program's source
//   node build.mjs MODULES folder/      the files themselves, and the tests of web/src as one file that Node runs
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const [modules, output] = process.argv.slice(2);
const esbuild = createRequire(join(resolve(modules), "package.json"))("esbuild");

const settings = {
  bundle: true,
  write: false,
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  nodePaths: [join(resolve(modules), "node_modules")],
  logLevel: "warning",
};

async function bundle() {
  const made = await esbuild.build({
    ...settings,
    entryPoints: { page: join(here, "src/main.tsx") },
    outdir: "/",
    format: "iife",
    minify: true,
    legalComments: "inline",
    charset: "utf8",
  });
  const text = (name) => Buffer.from(made.outputFiles.find((file) => file.path.endsWith(name)).contents);
  return [
    { path: "/", type: "text/html; charset=utf-8", name: "index.html", content: readFileSync(join(here, "index.html")) },
    { path: "/page.css", type: "text/css; charset=utf-8", name: "page.css", content: text("page.css") },
    { path: "/page.js", type: "text/javascript; charset=utf-8", name: "page.js", content: text("page.js") },
  ];
}

/** A C++ string literal of any bytes, a line of it at most 120 bytes long. Octal escapes, because those end by themselves. */
function literal(bytes) {
  const lines = [];
  for (let from = 0; from < bytes.length; from += 120) {
    let line = "";
    for (const byte of bytes.subarray(from, from + 120)) {
      const plain = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 && byte !== 63;
      line += plain ? String.fromCharCode(byte) : "\\" + byte.toString(8).padStart(3, "0");
    }
    lines.push(`"${line}"`);
  }
  return `std::string_view(${lines.join("\n")}, ${bytes.length})`;
}

function source(files) {
  const entries = files.map(
    (file) =>
      `    PageFile{"${file.path}", "${file.type}",\n${literal(file.content)},\n${literal(gzipSync(file.content, { level: 9 }))}},\n`,
  );
  return `// Made by web/build.mjs. SPDX-License-Identifier: Apache-2.0
#include "admin/page.h"

#include <array>

namespace tidegate::admin {

std::span<const PageFile> page_files() {
  static constexpr std::array kFiles{
${entries.join("")}  };
  return kFiles;
}

}  // namespace tidegate::admin
`;
}

async function bundleTests(folder) {
  const tests = readdirSync(join(here, "src")).filter((name) => name.endsWith("_test.ts"));
  await esbuild.build({
    ...settings,
    write: true,
    stdin: { contents: tests.map((name) => `import "./src/${name}";`).join("\n"), resolveDir: here, loader: "ts" },
    outfile: join(folder, "tests.mjs"),
    platform: "node",
    format: "esm",
  });
}

const files = await bundle();
if (output.endsWith("/")) {
  mkdirSync(output, { recursive: true });
  for (const file of files) writeFileSync(join(output, file.name), file.content);
  await bundleTests(output);
} else {
  writeFileSync(output, source(files));
}
