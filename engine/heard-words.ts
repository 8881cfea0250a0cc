/** Words that people say of a part, told apart: a broker may deliver one again, after others. */

/** What is said of a part or its picture, with the words that said it, the latest last. */
export interface HeardLabel {
  product: string
  label: string
  /** ISO 8601; absent in labels of before. */
  labelledAt?: string
  words?: string[]
}

/** Words of one picture that are told apart. */
export const mostWords = 50

/**
 * The word was heard before: it is not the last one, or it says what it said. Without ids of words all of one inspection are the same, and the last
 * of them may say something else.
 */
export function isHeard ({ product, label, word }: { product: string, label: string, word?: string | undefined }, known: readonly HeardLabel[]): boolean {
  const words = wordsOf(known)
  const last = known.at(-1)
  return word !== undefined && words.includes(word) && (words.at(-1) !== word || (last?.product === product && last.label === label))
}

/** Only an id of its own tells a word from the others of its inspection. */
export function hasOwnId (word: string): boolean {
  return !word.endsWith('/')
}

/** Every word once, the latest last. */
export function wordsOf (known: readonly HeardLabel[]): string[] {
  return [...new Set(known.flatMap(({ words = [] }) => words))]
}
