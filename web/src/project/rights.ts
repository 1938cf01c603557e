import type { ProjectView } from "../api/rest";

type Role = ProjectView["my_role"];

/** The least role for what the dashboard offers, as the server has it. What a role does not allow is not offered. */
const LEAST: Record<"match.decide" | "job.run" | "source.load", Role> = {
  "match.decide": "analyst",
  "job.run": "analyst",
  "source.load": "analyst",
};
const ORDER: Role[] = ["viewer", "analyst", "controller", "owner"];

/** Whether a role allows an action. An administrator outside the project, and a role that is not known yet, do not. */
export function can(role: Role | undefined, action: keyof typeof LEAST): boolean {
  return role !== undefined && ORDER.includes(role) && ORDER.indexOf(role) >= ORDER.indexOf(LEAST[action]);
}
