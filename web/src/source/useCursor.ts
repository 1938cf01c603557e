import { useNavigate, useSearch } from "@tanstack/react-router";

/** The page of a list that the address names, and a function that goes to another one. */
export function useCursor() {
  const navigate = useNavigate();
  const { cursor } = useSearch({ from: "/projects/$project/sources/$source" });
  const go = (next: string | undefined) => void navigate({ to: ".", search: (old: Record<string, unknown>) => ({ ...old, cursor: next }) });
  return { cursor, go };
}
