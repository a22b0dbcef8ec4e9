import type { ComponentChildren } from "preact";

/** A line of a site text in its colours: headers, keys, strings, tags, comments. */
const PARTS =
  /(?<comment>#.*$|<!--.*?-->)|(?<header>^\s*\[[^#]*\](?=\s*(?:#.*)?$))|(?<string>"[^"]*"?|'''|'[^']*'?)|(?<tag><\/?[\w-]+|\/?>)|(?<key>^\s*[\w-]+(?=\s*=)|\b[\w-]+(?==["']))/g;

export function paint(line: string): ComponentChildren {
  const out: ComponentChildren[] = [];
  let done = 0;
  for (const part of line.matchAll(PARTS)) {
    if (part.index > done) out.push(line.slice(done, part.index));
    const kind = Object.entries(part.groups ?? {}).find(([, value]) => value !== undefined)?.[0];
    out.push(<span class={`ink-${kind}`}>{part[0]}</span>);
    done = part.index + part[0].length;
  }
  out.push(line.slice(done));
  return out;
}
