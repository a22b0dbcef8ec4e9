// Says how large the built page is, and refuses one of more than 100 kB gzip.
// The list of licences counts for itself: it is fetched by whoever opens it.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 100_000;
const LICENCES = 40_000;
const dist = new URL("../dist/", import.meta.url);
let total = 0;
for (const name of readdirSync(dist, { recursive: true }).sort()) {
  const file = new URL(name, dist);
  if (!statSync(file).isFile()) continue;
  const size = gzipSync(readFileSync(file)).length;
  if (name === "licences.json") {
    if (size > LICENCES)
      throw new Error(`licences.json: ${size} bytes gzip of ${LICENCES} allowed`);
  } else {
    total += size;
  }
  console.log(`${String(size).padStart(8)}  ${name}`);
}
console.log(`${String(total).padStart(8)}  bytes gzip of ${LIMIT} allowed`);
if (total > LIMIT) {
  console.error(
    "the page is too large\nhint: a new dependency? `npx vite build --report` shows what grew",
  );
  process.exit(1);
}
