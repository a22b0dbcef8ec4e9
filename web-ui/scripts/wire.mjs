// Makes src/wire.ts, the types of the API, from openapi.json. `--check` only says whether it is stale.
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const here = new URL("..", import.meta.url);
const head = "// Made by `npm run wire` from openapi.json. Never edited by hand.\n\n";
const made = head + brief(astToString(await openapiTS(new URL("openapi.json", here))));
const file = new URL("src/wire.ts", here);

// Leaves out what says nothing: members that are never there, headers that may be anything, refusals
// (they are all `Problem`).
function brief(types) {
  return types
    .replace(/^ *\w+\?: never;\n/gm, "")
    .replace(/^ *headers: \{\n *\[name: string\]: unknown;\n *\};\n/gm, "")
    .replace(/^ *[45]\d\d: \{(\n *[^\n]*){2,5}?\n *\};\n *\};\n/gm, "")
    .replace(/^ *parameters: \{\n *\};\n/gm, "")
    .replace(/^ *\/\*\* Format: \w+ \*\/\n/gm, "")
    .replace(/^ *\* Format: \w+\n/gm, "")
    .replace(/^ *export type (webhooks|\$defs) = .*;\n/gm, "");
}

if (process.argv.includes("--check")) {
  let kept = "";
  try {
    kept = readFileSync(file, "utf8");
  } catch {}
  if (kept !== made) {
    console.error("src/wire.ts is stale\nhint: run `npm run wire` in web-ui and commit the file");
    process.exit(1);
  }
} else {
  writeFileSync(file, made);
}
