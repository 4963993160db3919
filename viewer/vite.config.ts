/** Builds the viewer to one file, taggers/compare/viewer.html, that may run nothing but itself. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

import { defineConfig, type Plugin } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

const POLICY = "<!-- policy -->";
const PLACE = '<script type="application/json" id="report">';

function hashes(html: string, element: RegExp): string {
  return [...html.matchAll(element)]
    .map(([, text]) => `'sha256-${createHash("sha256").update(text!).digest("base64")}'`)
    .join(" ");
}

/** A content security policy that names the one script and the one style sheet by their hashes. */
function policy(html: string): string {
  const script = hashes(html, /<script type="module"[^>]*>([\s\S]*?)<\/script>/g);
  const style = hashes(html, /<style[^>]*>([\s\S]*?)<\/style>/g);
  const rules = `default-src 'none'; script-src ${script}; style-src ${style}; img-src data:; base-uri 'none'; form-action 'none'`;
  return `<meta http-equiv="Content-Security-Policy" content="${rules}">`;
}

/** Puts the policy in, once all else stands in the file. */
function sealed(): Plugin {
  return {
    name: "sealed",
    enforce: "post",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type !== "asset" || !file.fileName.endsWith(".html")) continue;
          const html = String(file.source);
          file.source = html.replace(POLICY, () => policy(html));
        }
      },
    },
  };
}

/** For `npm run dev`: shows the report in sample.json, if there is one. */
function sampled(): Plugin {
  return {
    name: "sampled",
    apply: "serve",
    transformIndexHtml(html) {
      const sample = existsSync("sample.json") ? readFileSync("sample.json", "utf8") : "null";
      return html.replace(`${PLACE}null`, () => PLACE + sample.replaceAll("<", "\\u003c"));
    },
  };
}

export default defineConfig({
  plugins: [viteSingleFile({ removeViteModuleLoader: true }), sealed(), sampled()],
  build: {
    target: "es2022",
    cssTarget: "esnext",
    outDir: "../taggers/compare",
    emptyOutDir: false,
    rollupOptions: { input: "viewer.html" },
  },
});
