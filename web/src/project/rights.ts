import type { ProjectView } from "../api/rest";

type Role = ProjectView["my_role"];

/** The lowest role for each action, as on the server. The dashboard does not offer what a role does not allow. */
const LEAST: Record<"match.decide" | "match.assign" | "match.sign" | "job.run" | "source.load", Role> = {
  "match.decide": "analyst",
  "match.assign": "controller",
  "match.sign": "controller",
  "job.run": "analyst",
  "source.load": "analyst",
};
const ORDER: Role[] = ["viewer", "analyst", "controller", "owner"];

/** Whether a role allows an action. Administrators who are not members, and roles that are not known yet, allow nothing. */
export function can(role: Role | undefined, action: keyof typeof LEAST): boolean {
  return role !== undefined && ORDER.includes(role) && ORDER.indexOf(role) >= ORDER.indexOf(LEAST[action]);
}
