import type { ComponentChildren } from "preact";
import { Link, useRoute } from "wouter-preact";
import { post, session, signedOut } from "./api";
import { isHeard } from "./live";
import { keepDraft } from "./site/draft";
import { CloudBadge } from "./status/cloud-badge";
import { DevNotice } from "./ui/dev-notice";
import { Preferences } from "./ui/preferences";
import { say } from "./words";

/** What stands around every page once signed in. */
export function Frame({ children }: { children: ComponentChildren }) {
  const words = say();
  const signOut = async () => {
    await post("/api/sign-out", undefined).catch(() => undefined);
    keepDraft(undefined);
    session.value = signedOut();
  };
  return (
    <>
      <a class="skip" href="#main">
        {words.skip}
      </a>
      <header class="top">
        <Link href="/" class="brand">
          <img src="/icon.svg" alt="" width="26" height="26" />
          <span>{words.brand}</span>
        </Link>
        <nav aria-label={words.nav.label}>
          <Tab href="/" label={words.nav.calls} also="/calls/:id" />
          <Tab href="/agents" label={words.nav.agents} />
          <Tab href="/bans" label={words.nav.bans} />
          <Tab href="/settings" label={words.nav.settings} />
          <Tab href="/about" label={words.nav.about} />
        </nav>
        <CloudBadge />
        <div class="end">
          <Preferences />
          <button type="button" class="button plain" onClick={signOut}>
            {words.nav.signOut}
          </button>
        </div>
      </header>
      <DevNotice />
      {!isHeard.value && (
        <p class="banner" role="status">
          {words.status.reconnecting}
        </p>
      )}
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function Tab({ href, label, also }: { href: string; label: string; also?: string }) {
  const [isHere] = useRoute(href);
  const [isBelow] = useRoute(also ?? href);
  return (
    <Link href={href} aria-current={isHere || isBelow ? "page" : undefined}>
      {label}
    </Link>
  );
}
