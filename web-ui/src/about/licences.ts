/** A part of the box, with the licence it is used under. */
export interface Part {
  name: string;
  version: string;
  kind: "crate" | "npm" | "pack" | "debian";
  /** As its authors state it; none where the list that names the part does not say. */
  licence: string;
  /** Whose it is. */
  notices: readonly string[];
  /** Which of the texts are its. */
  texts: readonly number[];
}

/** What the page is built with: every part of the program, and each text once. */
export interface Licences {
  parts: readonly Part[];
  texts: readonly string[];
}

/** The list that lies beside the page. */
export async function askLicences(stop: AbortSignal): Promise<Licences> {
  const answer = await fetch("/licences.json", { signal: stop });
  if (!answer.ok) throw new Error(`licences.json: ${answer.status}`);
  return (await answer.json()) as Licences;
}

/** The packages of the image, by its bill of materials; none where the box carries no bill. */
export async function askPackages(stop: AbortSignal): Promise<Part[]> {
  const answer = await fetch("/api/about/bill", { signal: stop });
  if (!answer.ok) return [];
  const bill = (await answer.json()) as {
    components?: { name: string; version?: string; purl?: string }[];
  };
  return (bill.components ?? [])
    .filter((one) => one.purl?.startsWith("pkg:deb/"))
    .map(({ name, version = "" }) => ({
      name,
      version,
      kind: "debian",
      licence: "",
      notices: [],
      texts: [],
    }));
}

/** What a package of the image says of its terms, with the licences that it names. */
export async function askTerms(name: string, stop: AbortSignal): Promise<string> {
  const answer = await fetch(`/api/about/terms/${encodeURIComponent(name)}`, { signal: stop });
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.text();
}

/** Parts whose name, version or licence has every word that was typed. */
export function found(parts: readonly Part[], typed: string): Part[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return parts.filter((part) => {
    const text = `${part.name} ${part.version} ${part.licence} ${part.kind}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
