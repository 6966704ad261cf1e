/** What every app of type scim has without being told: Okta's names, their places, their mappings. */
import type { AppAttribute } from "./app.ts";
import { CORE_USER, ENTERPRISE_USER, placeOf, type AttributePlace } from "./attribute-place.ts";

interface BuiltIn {
  readonly name: string;
  readonly external: string;
  readonly namespace?: string;
  /** The expression; null: not mapped unless the configuration does. */
  readonly from: string | null;
  readonly besides?: AttributePlace["besides"];
  readonly refersToUser?: true;
}

const WORK = { type: "work" } as const;

const BUILT_IN: readonly BuiltIn[] = [
  { name: "userName", external: "userName", from: "user.login" },
  { name: "givenName", external: "name.givenName", from: "user.firstName" },
  { name: "familyName", external: "name.familyName", from: "user.lastName" },
  { name: "middleName", external: "name.middleName", from: "user.middleName" },
  { name: "honorificPrefix", external: "name.honorificPrefix", from: "user.honorificPrefix" },
  { name: "honorificSuffix", external: "name.honorificSuffix", from: "user.honorificSuffix" },
  {
    name: "email",
    external: "emails.^[primary==true].value",
    from: "user.email",
    besides: WORK,
  },
  { name: "displayName", external: "displayName", from: "user.displayName" },
  { name: "nickName", external: "nickName", from: "user.nickName" },
  { name: "profileUrl", external: "profileUrl", from: "user.profileUrl" },
  { name: "title", external: "title", from: "user.title" },
  { name: "userType", external: "userType", from: "user.userType" },
  { name: "preferredLanguage", external: "preferredLanguage", from: "user.preferredLanguage" },
  { name: "locale", external: "locale", from: "user.locale" },
  { name: "timezone", external: "timezone", from: "user.timezone" },
  {
    name: "primaryPhone",
    external: "phoneNumbers.^[primary==true].value",
    from: "user.primaryPhone",
    besides: WORK,
  },
  {
    name: "mobilePhone",
    external: "phoneNumbers.^[type==mobile].value",
    from: "user.mobilePhone",
  },
  {
    name: "streetAddress",
    external: "addresses.^[primary==true].streetAddress",
    from: "user.streetAddress",
    besides: WORK,
  },
  {
    name: "locality",
    external: "addresses.^[primary==true].locality",
    from: "user.city",
    besides: WORK,
  },
  {
    name: "region",
    external: "addresses.^[primary==true].region",
    from: "user.state",
    besides: WORK,
  },
  {
    name: "postalCode",
    external: "addresses.^[primary==true].postalCode",
    from: "user.zipCode",
    besides: WORK,
  },
  {
    name: "country",
    external: "addresses.^[primary==true].country",
    from: "user.countryCode",
    besides: WORK,
  },
  {
    name: "employeeNumber",
    external: "employeeNumber",
    namespace: ENTERPRISE_USER,
    from: "user.employeeNumber",
  },
  {
    name: "costCenter",
    external: "costCenter",
    namespace: ENTERPRISE_USER,
    from: "user.costCenter",
  },
  {
    name: "organization",
    external: "organization",
    namespace: ENTERPRISE_USER,
    from: "user.organization",
  },
  { name: "division", external: "division", namespace: ENTERPRISE_USER, from: "user.division" },
  {
    name: "department",
    external: "department",
    namespace: ENTERPRISE_USER,
    from: "user.department",
  },
  {
    name: "manager",
    external: "manager.value",
    namespace: ENTERPRISE_USER,
    from: "user.managerId",
    refersToUser: true,
  },
];

export const BUILT_IN_ATTRIBUTES: ReadonlyMap<string, AppAttribute> = new Map(
  BUILT_IN.map(({ name, external, namespace = CORE_USER, besides = {}, refersToUser }) => {
    const parsed = placeOf(external, namespace);
    const place = "place" in parsed ? { ...parsed.place, besides } : null;
    return [name, { type: "string", place, refersToUser: refersToUser === true }];
  }),
);

/** App attribute to expression, as in Okta's SCIM app. */
export const DEFAULT_TO_APP: ReadonlyMap<string, string> = new Map(
  BUILT_IN.flatMap(({ name, from }) => (from === null ? [] : [[name, from]])),
);
