import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [preact()],
  build: {
    target: "es2022",
    // A data: URL would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    // `npm run dev` beside a running box: BRANCHLINE=https://127.0.0.1:8443
    proxy: {
      "/api": { target: process.env.BRANCHLINE ?? "https://127.0.0.1:8443", secure: false },
    },
  },
  test: { environment: "happy-dom", restoreMocks: true, unstubGlobals: true },
});
