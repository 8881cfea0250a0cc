/** What people call parts and products: one rule for the live page, messages and Kafka, so that no word is changed or lost on its way. */
import { GoodpartsError } from './errors.ts'

/** As `PartWord.label` of schemas/learning.ts. */
const longest = 60
const isLabel = new RegExp(`^[^/\\x00-\\x1f]{1,${longest}}$`, 'u')

/** Said of a picture that is not to be kept: no label of a part. */
export const removedLabel = 'remove'

/** @param where Whose name it is, for the error. @returns it without space around it. @throws GOODPARTS_ARGUMENT when it is empty or has a slash */
export function readProductName (given: string, where: string): string {
  const name = given.trim()
  if (name !== '' && !name.includes('/')) return name
  throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${where} to be the name of a product, without "/", got ${JSON.stringify(given.slice(0, 2 * longest))}`, { fix: 'Name the product without a slash: what a part shows is written product/label.' })
}

/** @returns the label without space around it. @throws GOODPARTS_ARGUMENT unless it has 1 to 60 letters, none of them a slash or a control character */
export function readLabelText (given: string): string {
  const label = given.trim()
  if (label === removedLabel || !isLabel.test(label)) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected the type of a defect, or good, in 1 to ${longest} letters without a slash, got ${JSON.stringify(given.slice(0, 2 * longest))}`, { fix: `Name it in at most ${longest} letters, without a slash; ${removedLabel} is no name.` })
  }
  return label
}
