// Says how large the built page is, and refuses one of more than 100 kB gzip.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 100_000;
const dist = new URL("../dist/", import.meta.url);
let total = 0;
for (const name of readdirSync(dist, { recursive: true }).sort()) {
  const file = new URL(name, dist);
  if (!statSync(file).isFile()) continue;
  const size = gzipSync(readFileSync(file)).length;
  total += size;
  console.log(`${String(size).padStart(8)}  ${name}`);
}
console.log(`${String(total).padStart(8)}  bytes gzip of ${LIMIT} allowed`);
if (total > LIMIT) {
  console.error(
    "the page is too large\nhint: a new dependency? `npx vite build --report` shows what grew",
  );
  process.exit(1);
}
