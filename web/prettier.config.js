/** Wider than Prettier's own 80: of the widths tried, the code as it was written changed little at 140 and reads well there. */
export default { printWidth: 140 };
