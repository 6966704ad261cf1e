/** A seeded generator of people as directories hold them: the same seed gives the same people. */
const GIVEN =
  "Ada Alan Grace Linus Barbara Edsger Margaret Donald Frances Dennis Katherine Ken Radia Tim Hedy Claude Zoë Łukasz Jürgen Søren Žofia Ömer Chloé André Björn Ngọc 美咲 伟 Дмитрий Ольга محمد فاطمة".split(
    " ",
  );
const FAMILY =
  "Lovelace Turing Hopper Torvalds Liskov Dijkstra Hamilton Knuth Allen Ritchie Johnson Thompson Perlman Berners-Lee Lamarr Shannon Müller Nowak Sørensen Yılmaz Dubois García O'Brien Nguyễn 佐藤 王 Иванов Петрова الخطيب van-der-Berg".split(
    " ",
  );
const DEPARTMENTS = [
  "Engineering",
  "Sales",
  "Finance",
  "Human Resources",
  "Legal",
  "Operations",
  "Marketing",
  "Support",
];
const CITIES = [
  ["Berlin", "DE", "de"],
  ["Paris", "FR", "fr"],
  ["Osaka", "JP", "ja"],
  ["Austin", "US", "en"],
  ["São Paulo", "BR", "pt"],
  ["Kraków", "PL", "pl"],
] as const;

/** Mulberry32: small, fast, good enough for test data. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Person {
  readonly number: number;
  readonly uid: string;
  readonly uuid: string;
  readonly attributes: readonly (readonly [string, string | Buffer])[];
}

export function person(number: number, seed = 1): Person {
  const random = seeded(seed * 1_000_003 + number);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const uid = `u${String(number).padStart(7, "0")}`;
  const [given, family] = [pick(GIVEN), pick(FAMILY)];
  const [city, country, language] = pick(CITIES);
  const department = pick(DEPARTMENTS);
  const hex = (length: number): string =>
    Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join("");
  const attributes: [string, string | Buffer][] = [
    ["objectClass", "inetOrgPerson"],
    ["uid", uid],
    ["cn", `${given} ${family}`],
    ["givenName", given],
    ["sn", family],
    ["displayName", `${family}, ${given}`],
    ["mail", `${uid}@example.org`],
    ["employeeNumber", String(100_000 + number)],
    ["employeeType", random() < 0.9 ? "employee" : "contractor"],
    ["departmentNumber", department],
    [
      "title",
      `${pick(["Senior", "Junior", "Lead", "Principal"])} ${department} ${pick(["Analyst", "Engineer", "Manager"])}`,
    ],
    ["l", city],
    ["st", country],
    ["preferredLanguage", language],
    ["telephoneNumber", `+49 30 ${String(1_000_000 + number)}`],
    ["mobile", `+49 170 ${String(1_000_000 + number)}`],
    ["postalAddress", `${1 + Math.floor(random() * 200)} Main Street$${city}$${country}`],
    ["description", `Works in ${department}, ${city}. ${hex(80)}`],
  ];
  if (random() < 0.3) attributes.push(["mail", `${uid}.alias@example.net`], ["o", "Example"]);
  if (random() < 0.02) attributes.push(["jpegPhoto", Buffer.from(hex(4000), "hex")]);
  const uuid = `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  return { number, uid, uuid, attributes };
}

export function personDn(uid: string, suffix: string): string {
  return `uid=${uid},ou=people,${suffix}`;
}

/** A person as an LDIF record. `operational` adds what only slapadd and LDIF directories take. */
export function toLdif(one: Person, suffix: string, operational: boolean): string {
  let text = `dn: ${personDn(one.uid, suffix)}\n`;
  for (const [name, value] of one.attributes) text += ldifLine(name, value);
  if (operational) text += `entryUUID: ${one.uuid}\n`;
  return `${text}\n`;
}

export function ldifLine(name: string, value: string | Buffer): string {
  const plain =
    typeof value === "string" &&
    /^[\x21-\x39\x3b\x3d-\x7e][\x20-\x7e]*$/.test(value) &&
    !value.endsWith(" ");
  return plain
    ? `${name}: ${value}\n`
    : `${name}:: ${Buffer.from(value as string).toString("base64")}\n`;
}

/** The entries above the people. */
export function treeLdif(suffix: string): string {
  const name = /^dc=([^,]+)/.exec(suffix)?.[1] ?? "example";
  return `dn: ${suffix}\nobjectClass: domain\ndc: ${name}\n\ndn: ou=people,${suffix}\nobjectClass: organizationalUnit\nou: people\n\n`;
}
