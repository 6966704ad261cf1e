/** The requests that a push would send for one account, in words and bodies. Asks nothing. */
import type { AccountProfile } from "../../model/account.ts";
import type { AppSettings } from "../../model/app.ts";
import type { JsonObject } from "./answer.ts";
import { findPath, userPath } from "./requests.ts";
import { newResource } from "./resource.ts";

export interface PreviewedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: JsonObject | null;
  /** What is known of the body only when the app was read. */
  readonly note: string | null;
}

export interface Previewed {
  readonly userId: string;
  readonly externalId: string | null;
  readonly step: "find" | "update" | "activate" | "deactivate" | "delete" | null;
  readonly creates: boolean;
  readonly profile: AccountProfile;
}

export function requestsOf(settings: AppSettings, account: Previewed): PreviewedRequest[] {
  const { step, externalId, profile, userId, creates } = account;
  const path = userPath(externalId ?? "");
  switch (step) {
    case null:
      return [];
    case "find":
      return [
        ...searches(settings, account),
        ...(creates
          ? [
              request(
                "POST",
                "/Users",
                newResource(profile, settings.attributes, userId),
                "if none is found",
              ),
            ]
          : []),
      ];
    case "update":
      return [
        request("GET", path),
        request(
          "PUT",
          path,
          newResource(profile, settings.attributes, userId),
          "laid over what the app has; or a PATCH of what differs",
        ),
      ];
    case "activate":
    case "deactivate":
      return [
        request("GET", path),
        request(
          "PUT",
          path,
          { active: step === "activate" },
          "over what the app has, and nothing else",
        ),
      ];
    case "delete":
      return [request("DELETE", path)];
  }
}

function searches({ matching }: AppSettings, { userId, profile }: Previewed): PreviewedRequest[] {
  return matching.flatMap((key) => {
    const value = key === "externalId" ? userId : profile[key];
    return typeof value === "string" ? [request("GET", findPath(key, value))] : [];
  });
}

function request(
  method: string,
  path: string,
  body: JsonObject | null = null,
  note: string | null = null,
): PreviewedRequest {
  return { method, path, body, note };
}
