import { signal } from "@preact/signals";

/** The wall clock, once a second, for ages and running lengths. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 1000);
