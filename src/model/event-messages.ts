/** What each type of event tells a person. One message a type; the event's data has the particulars. */
export const EVENT_MESSAGES = {
  "system.import.start": "Import started",
  "system.import.download.complete": "Download of objects complete",
  "system.import.incremental_converted_to_full": "Incremental import converted to full",
  "system.import.complete": "Import process complete",
  "system.import.roadblock": "Import roadblock triggered due to exceeded threshold",
  "system.import.roadblock.reschedule_and_resume": "The held import was approved and is applied",
  "system.import.roadblock.resume": "The held import was cancelled",
  "system.import.roadblock.updated": "The import safeguard's limits were changed",
  "system.import.user.create": "Create user triggered by import process",
  "system.import.user_match.confirm": "Import user matching assignment confirmed",
  "system.import.user.update": "Update user triggered by import process",
  "system.import.user.delete": "Remove user triggered by import process",
  "system.import.user.suspend": "Suspend user triggered by import process",
  "system.import.user.unsuspend": "Unsuspend user triggered by import process",
  "user.account.update_profile": "Update user profile",
  "user.lifecycle.deactivate": "Deactivate user",
  "user.lifecycle.reactivate": "Reactivate user",
  "user.lifecycle.delete.completed": "Delete user completed",
  "app.user_management.update_from_master_failed": "Could not apply import",
  "user.lifecycle.create": "Create user",
  "user.lifecycle.activate": "Activate user",
  "user.lifecycle.suspend": "Suspend user",
  "user.lifecycle.unsuspend": "Unsuspend user",
  "application.user_membership.remove": "The link between a user and an entry was cut",
  "application.account.match.start": "Linking by hand started",
  "application.account.match.update": "Linking by hand complete",
  "application.account.decision.ignore": "The entry belongs to nobody, a person decided",
  "application.account.decision.revoke": "The decision about the entry was taken back",
  "system.import.revert.start": "Putting back a run started",
  "system.import.revert.complete": "Putting back a run complete",
  "app.app_instance.provision_sync_job.started": "Applying mappings job has started",
  "app.app_instance.provision_sync_job.completed": "Applying mappings job has completed",
  "app.app_instance.provision_sync_job.failed": "Applying mappings job has failed",
} as const satisfies Readonly<Record<string, string>>;

export type EventType = keyof typeof EVENT_MESSAGES;

/** The message of a type; an event of a newer Rollcall may have a type that is not known here. */
export function eventMessage(type: string): string {
  return Object.hasOwn(EVENT_MESSAGES, type) ? EVENT_MESSAGES[type as EventType] : type;
}
