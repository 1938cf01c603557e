/** Wider than Prettier's default of 80: of the widths tried, 140 changed the existing code least and reads well. */
export default { printWidth: 140 };
