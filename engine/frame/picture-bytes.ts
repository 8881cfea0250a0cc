/** How large an encoded picture may be. */
import { GoodpartsError } from '../errors.ts'

export const MAXIMUM_PICTURE_BYTES = 64 * 1024 * 1024

/** @throws GOODPARTS_IMAGE_DECODE for an encoded picture of more than `MAXIMUM_PICTURE_BYTES` */
export function refuseTooLarge (bytes: number): void {
  if (bytes > MAXIMUM_PICTURE_BYTES) throw new GoodpartsError('GOODPARTS_IMAGE_DECODE', `Expected a picture of at most ${MAXIMUM_PICTURE_BYTES} bytes, got ${bytes}`)
}
