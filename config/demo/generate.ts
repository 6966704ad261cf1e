/**
 * Makes the LDIF files of the demo: `node config/demo/generate.ts`. The people are invented; their
 * flaws are those of real directories. The output is checked in, so nobody needs to run this.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";

interface Country {
  readonly code: string;
  readonly city: string;
  readonly locale: string;
  readonly timezone: string;
  readonly given: readonly string[];
  readonly family: readonly string[];
}

/** Names as their owners write them, with the letters of their mail address behind the slash. */
const COUNTRIES: readonly Country[] = [
  { code: "DE", city: "Köln", locale: "de_DE", timezone: "Europe/Berlin", given: ["Jürgen/juergen", "Anke/anke", "Sören/soeren", "Käthe/kaethe", "Lukas/lukas"], family: ["Müller/mueller", "Weiß/weiss", "Schröder/schroeder", "Vogel/vogel", "Groß/gross"] },
  { code: "FR", city: "Orléans", locale: "fr_FR", timezone: "Europe/Paris", given: ["Chloé/chloe", "François/francois", "Zoé/zoe", "Aurélie/aurelie", "Noël/noel"], family: ["Lefèvre/lefevre", "Dubois/dubois", "D’Aubigné/daubigne", "Garçon/garcon", "Mercier/mercier"] },
  { code: "PL", city: "Kraków", locale: "pl_PL", timezone: "Europe/Warsaw", given: ["Łukasz/lukasz", "Zofia/zofia", "Małgorzata/malgorzata", "Paweł/pawel", "Agnieszka/agnieszka"], family: ["Wójcik/wojcik", "Kowalska/kowalska", "Żak/zak", "Dąbrowski/dabrowski", "Nowak/nowak"] },
  { code: "JP", city: "大阪", locale: "ja_JP", timezone: "Asia/Tokyo", given: ["美咲/misaki", "健太/kenta", "陽菜/hina", "翔/sho", "さくら/sakura"], family: ["佐藤/sato", "鈴木/suzuki", "高橋/takahashi", "田中/tanaka", "渡辺/watanabe"] },
  { code: "IN", city: "Kochi", locale: "hi_IN", timezone: "Asia/Kolkata", given: ["आरव/aarav", "अनन्या/ananya", "विहान/vihaan", "Priya/priya", "Rohan/rohan"], family: ["शर्मा/sharma", "नायर/nair", "गुप्ता/gupta", "Iyer/iyer", "Menon/menon"] },
  { code: "EG", city: "القاهرة", locale: "ar_EG", timezone: "Africa/Cairo", given: ["فاطمة/fatma", "محمد/mohamed", "ليلى/laila", "يوسف/youssef", "نور/nour"], family: ["حسن/hassan", "السيد/elsayed", "منصور/mansour", "فوزي/fawzy", "عادل/adel"] },
  { code: "US", city: "Austin", locale: "en_US", timezone: "America/Chicago", given: ["Ada/ada", "Grace/grace", "Alan/alan", "Barbara/barbara", "Ken/ken"], family: ["O'Brien/obrien", "Smith-Jones/smith-jones", "Lovelace/lovelace", "Hopper/hopper", "Thompson/thompson"] },
  { code: "GR", city: "Πάτρα", locale: "el_GR", timezone: "Europe/Athens", given: ["Ελένη/eleni", "Γιώργος/giorgos", "Μαρία/maria", "Νίκος/nikos", "Σοφία/sofia"], family: ["Παπαδόπουλος/papadopoulos", "Οικονόμου/oikonomou", "Βλάχος/vlachos", "Νικολάου/nikolaou", "Αντωνίου/antoniou"] },
];
const DEPARTMENTS = ["Engineering", "Sales", "Finance", "People", "Legal", "Support"];
const TITLES = ["Analyst", "Engineer", "Manager", "Assistant", "Counsel"];
const SUFFIX = "ou=people,dc=aurora,dc=example";

type Entry = Map<string, string>;

function people(): Entry[] {
  const list: Entry[] = [];
  for (const [c, country] of COUNTRIES.entries()) {
    for (const [g, given] of country.given.entries()) {
      for (const [f, family] of country.family.entries()) list.push(person(country, given, family, c * 25 + g * 5 + f));
    }
  }
  return list;
}

function person(country: Country, given: string, family: string, number: number): Entry {
  const [givenName = "", givenMail = ""] = given.split("/");
  const [sn = "", snMail = ""] = family.split("/");
  const mail = `${givenMail}.${snMail}@aurora.example`;
  return new Map([
    ["dn", `uid=${givenMail}.${snMail},${SUFFIX}`],
    ["objectClass", "inetOrgPerson"],
    ["entryUUID", uuid(mail)],
    ["uid", `${givenMail}.${snMail}`],
    ["cn", `${givenName} ${sn}`],
    ["givenName", givenName],
    ["sn", sn],
    ["mail", mail],
    ["employeeNumber", String(4000 + number)],
    ["departmentNumber", DEPARTMENTS[number % DEPARTMENTS.length] ?? ""],
    ["title", TITLES[number % TITLES.length] ?? ""],
    ["l", country.city],
    ["c", country.code],
    ["preferredLanguage", country.locale.replace("_", "-")],
    ["locale", country.locale],
    ["timezone", country.timezone],
    ["telephoneNumber", `+49 221 555 ${String(1000 + number)}`],
  ]);
}

/** The same person has the same identifier in every file. */
function uuid(seed: string): string {
  const hex = createHash("sha1").update(seed).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** What is wrong in every directory that has been used for some years. */
function flaw(list: Entry[]): void {
  const at = (number: number): Entry => list[number] ?? new Map();
  at(7).delete("givenName");
  at(31).set("locale", "français");
  at(58).set("mail", at(57).get("mail") ?? "");
  at(83).set("mail", "nobody (left 2019)");
  at(101).set("timezone", "Mitteleuropa");
  at(126).set("sn", at(126).get("sn")?.repeat(12) ?? "");
}

function change(list: Entry[]): Entry[] {
  const changed = list.filter((_, i) => i % 41 !== 40);
  for (const [i, entry] of changed.entries()) {
    if (i % 20 === 3) entry.set("title", "Senior Manager");
    if (i === 7) entry.set("givenName", "Lukas");
    if (i === 12) entry.set("sn", "Vogel-Weiß");
  }
  const [germany] = COUNTRIES;
  if (germany !== undefined) {
    changed.push(person(germany, "Maren/maren", "Jansen/jansen", 300), person(germany, "Till/till", "Petersen/petersen", 301));
  }
  return changed;
}

function toLdif(list: readonly Entry[], note: string): string {
  const head = `version: 1\n# ${note}\n\ndn: ${SUFFIX}\nobjectClass: organizationalUnit\nou: people\n`;
  const records = list.map((entry) => [...entry].map(([name, value]) => line(name, value)).join(""));
  return `${head}\n${records.join("\n")}`;
}

function line(name: string, value: string): string {
  const safe = /^[\x21-\x39\x3b\x3d-\x7e][\x20-\x7e]*$/.test(value);
  const text = safe ? `${name}: ${value}` : `${name}:: ${Buffer.from(value).toString("base64")}`;
  return `${text.match(/.{1,75}/g)?.join("\n ")}\n`;
}

/** The human resources system knows everybody's number, department and cost centre, and little else. */
function personnel(list: readonly Entry[]): Entry[] {
  return list.map((entry, i) => new Map([
    ["dn", `employeeNumber=${entry.get("employeeNumber")},ou=personnel,dc=aurora,dc=example`],
    ["objectClass", "person"],
    ["employeeNumber", entry.get("employeeNumber") ?? ""],
    ["cn", entry.get("cn") ?? ""],
    ["departmentNumber", `${entry.get("departmentNumber")} ${entry.get("c")}`],
    ["costCenter", `CC-${100 + (i % 17)}`],
  ]));
}

function write(name: string, text: string): void {
  writeFileSync(new URL(name, import.meta.url), text);
}

const first = people();
flaw(first);
write("people.ldif", toLdif(first, "The people of Aurora Ltd., an invented company."));
write("personnel.ldif", toLdif(personnel(first), "What Aurora's human resources system exports."));
const second = people();
flaw(second);
write("people-changed.ldif", toLdif(change(second), "The same a month later: promotions, a wedding, newcomers, leavers."));
write("people-missing.ldif", toLdif(first.slice(0, 60), "What a mistyped filter exports: most people are missing."));
