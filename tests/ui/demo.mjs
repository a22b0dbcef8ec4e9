// Runs the page's walk against the demo server of crate `web`: no telephone, no box, for work on the page.
//
// usage: node tests/ui/demo.mjs [FOLDER FOR SCREENSHOTS]   (after `cargo build -p web --example demo_server --features embed-ui`)
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? `${root}target`;
const server = spawn(`${target}/debug/examples/demo_server`, [], {
  stdio: ["pipe", "pipe", "inherit"],
});
const lines = createInterface({ input: server.stdout });
const { url, code } = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);

const walk = spawn(process.execPath, [`${root}tests/ui/page.mjs`], {
  stdio: ["ignore", "pipe", "inherit"],
  env: {
    ...process.env,
    BASE_URL: url,
    SIGN_IN_CODE: code,
    EXPECT: JSON.stringify({ caller: "18611112222", digits: "1", words: "家里又断网了" }),
    ...(process.argv[2] ? { SCREENSHOTS: process.argv[2] } : {}),
  },
});
createInterface({ input: walk.stdout }).on("line", (line) => {
  console.log(line);
  if (JSON.parse(line).step === "ready for a call") server.stdin.write("call\n");
});
walk.on("exit", (status) => {
  server.stdin.end("stop\n");
  process.exitCode = status ?? 1;
});
