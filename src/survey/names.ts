/**
 * What attributes and columns are usually called that hold what a user profile needs: the schemas of
 * RFC 4519, RFC 2798, Active Directory and eduPerson, and what files from human resources are headed with.
 */

/** By attribute of the profile: names without signs and in lower case, the most telling first. */
export const USUAL_NAMES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    login:
      "userprincipalname upn login username loginname userid benutzername anmeldename account kontoname mail email",
    email:
      "mail email emailaddress workemail businessemail dienstlicheemail emailadresse userprincipalname upn",
    firstName: "givenname firstname forename vorname prenom first rufname",
    lastName: "sn surname lastname familyname nachname familienname nom last name",
    middleName: "middlename initials zweitervorname",
    honorificPrefix: "personaltitle honorificprefix anrede salutation",
    honorificSuffix: "generationqualifier honorificsuffix suffix",
    displayName: "displayname fullname anzeigename vorundzuname vorundnachname cn",
    nickName: "nickname spitzname edupersonnickname",
    title: "title jobtitle position stelle stellenbezeichnung funktion",
    profileUrl: "wwwhomepage labeleduri profileurl",
    secondEmail: "secondemail othermailbox privateemail mailalternateaddress",
    mobilePhone: "mobile mobilephone mobilnummer handy cellphone cell",
    primaryPhone: "telephonenumber primaryphone phone workphone telefon telefonnummer phonenumber",
    streetAddress: "streetaddress street strasse strassehausnummer address anschrift",
    city: "l city town ort stadt locality ville",
    state: "st state province bundesland region",
    zipCode: "postalcode zipcode zip plz postleitzahl",
    countryCode: "c countrycode country land laendercode",
    postalAddress: "postaladdress",
    preferredLanguage: "preferredlanguage language sprache",
    locale: "locale",
    timezone: "timezone zeitzone",
    userType: "employeetype usertype employmenttype vertragsart",
    employeeNumber:
      "employeenumber employeeid personnelnumber personalnummer persnr staffid matrikelnummer",
    costCenter: "costcenter kostenstelle",
    organization: "company organization organisation o firma gesellschaft employer",
    division: "division bereich geschaeftsbereich",
    department: "department departmentname abteilung dept departmentnumber ou",
    managerId: "managerid manageremployeenumber vorgesetztennummer",
    manager: "manager supervisor vorgesetzter vorgesetzte",
  }).map(([attribute, names]) => [attribute, names.split(" ")]),
);

/** What identifies people for ever, where the server has nothing of its own, the best first. */
export const USUAL_IDS: readonly string[] =
  "entryuuid objectguid nsuniqueid ipauniqueid guid employeenumber employeeid personnelnumber personalnummer persnr staffid uuid id uidnumber uid".split(
    " ",
  );

/** Columns that tell who is with the organisation, and in which words they say that somebody is not. */
export const USUAL_STATES: readonly {
  readonly names: readonly string[];
  readonly gone: readonly string[];
}[] = [
  {
    names: ["status", "employmentstatus", "employeestatus", "beschaeftigungsstatus", "statut"],
    gone: [
      ..."inactive left leaver terminated disabled former resigned retired deactivated departed".split(
        " ",
      ),
      ..."ausgetreten ausgeschieden inaktiv gesperrt gekündigt gekuendigt inactif parti".split(" "),
    ],
  },
  {
    names: ["active", "aktiv", "enabled", "isactive"],
    gone: ["no", "false", "0", "n", "nein", "inactive", "inaktiv"],
  },
  {
    names: ["inactive", "left", "terminated", "gesperrt", "ausgetreten"],
    gone: ["yes", "true", "1", "y", "ja", "j", "x"],
  },
];

/** Columns with the day on which somebody leaves. */
export const USUAL_ENDS: readonly string[] =
  "leavingdate leavedate terminationdate enddate exitdate lastday austritt austrittsdatum vertragsende".split(
    " ",
  );

/** Columns that name groups. */
export const USUAL_GROUPS: readonly string[] =
  "teams team groups group gruppen gruppe memberof roles rollen".split(" ");

/** A name without signs and accents, in lower case: `E-Mail-Adresse` is `emailadresse`. */
export function bareName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll("ä", "ae")
    .replaceAll("ö", "oe")
    .replaceAll("ü", "ue")
    .replaceAll("ß", "ss")
    .normalize("NFD")
    .replaceAll(/[^a-z0-9]/g, "");
}
