/** How long things take, in ms. */
export const TIMING = {
  silent: 5000, // a short gap is resumed without a word
  poll: 10_000,
  probe: 3000, // an answer that takes longer is none
  answer: 10_000, // for the answer to a command
  again: 1000, // before the first repetition; each further one waits twice as long
  againMost: 30_000,
  kept: 3000, // the next page often follows the same stream
};
