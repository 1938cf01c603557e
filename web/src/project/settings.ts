import type { Money, ProjectUpdate, ProjectView, Reason } from "../api/rest";

/** The limits of a project, in the order in which they are shown, and what each means where there is none. */
export const LIMITS = [
  {
    field: "write_off_limit",
    label: "Analysts write off up to",
    meaning: "Above it, and in another currency, a controller or an owner does. Without it, analysts write off any amount.",
  },
  {
    field: "four_eyes_over",
    label: "Two people sign above",
    meaning:
      "The second is a controller or an owner. Two always sign for amounts in other currencies. Without it, nobody has to sign for others.",
  },
  {
    field: "auto_confirm_up_to",
    label: "Reconciliations confirm up to",
    meaning: "Above it, and in another currency, they only suggest. Without it, they suggest what two people have to sign.",
  },
] as const;

type LimitField = (typeof LIMITS)[number]["field"];

/** What is in the form: texts as they were typed. An empty amount is no limit, and an empty account none. */
export interface Draft {
  name: string;
  description: string;
  timezone: string;
  limits: Record<LimitField, Money>;
  reasons: { code: string; label: string; account: string }[];
}

export function draftOf(project: ProjectView): Draft {
  const limit = (field: LimitField): Money => project[field] ?? { amount: "", currency: "" };
  return {
    name: project.name,
    description: project.description,
    timezone: project.timezone,
    limits: {
      write_off_limit: limit("write_off_limit"),
      four_eyes_over: limit("four_eyes_over"),
      auto_confirm_up_to: limit("auto_confirm_up_to"),
    },
    reasons: project.reason_codes.map(({ code, label, account }) => ({ code, label, account: account ?? "" })),
  };
}

/** What has to be sent to turn the project as it was into the draft. Empty if there is nothing to change. */
export function changesOf(start: Draft, draft: Draft): ProjectUpdate {
  const found: ProjectUpdate = {};
  if (draft.name !== start.name) found.name = draft.name;
  if (draft.description !== start.description) found.description = draft.description;
  if (draft.timezone !== start.timezone) found.timezone = draft.timezone;
  for (const { field } of LIMITS) {
    const limit = sentLimit(draft.limits[field]);
    if (JSON.stringify(limit) !== JSON.stringify(sentLimit(start.limits[field]))) found[field] = limit;
  }
  const reasons = draft.reasons.map(sentReason);
  if (JSON.stringify(reasons) !== JSON.stringify(start.reasons.map(sentReason))) found.reason_codes = reasons;
  return found;
}

export function isChanged(start: Draft, draft: Draft): boolean {
  return Object.keys(changesOf(start, draft)).length > 0;
}

function sentLimit({ amount, currency }: Money): Money | null {
  return amount.trim() === "" ? null : { amount: amount.trim(), currency: currency.trim().toUpperCase() };
}

function sentReason({ code, label, account }: Draft["reasons"][number]): Reason {
  return { code: code.trim(), label: label.trim(), account: account.trim() || null };
}
