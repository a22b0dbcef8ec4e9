import { session } from "../api";
import { say } from "../words";

/** Says on every screen that this is a development image: its console is open to whoever stands before it. */
export function DevNotice() {
  return session.value?.dev ? <p class="banner">{say().devImage}</p> : null;
}
