/** Drawn parts of two products, and a bundle that knows the first: fitted on some, confirmed by others, as on a line before a new product comes. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createGeneratedLine } from '../../../engine/capture/generated-line/renderer.ts'
import type { UpdateRequest } from '../../../engine/continual/detector-update/update-detector.ts'
import { updateInProcess } from '../../../engine/continual/detector-update/update-process.ts'
import { LabelInbox } from '../../../engine/continual/label-inbox.ts'
import { fitInProcess } from '../../../engine/detectors/fit-process.ts'
import { GoodpartsError } from '../../../engine/errors.ts'
import { encodePng, type RawImage } from '../../../engine/frame/image-codec.ts'
import { makeFolder } from '../../../engine/make-folder.ts'

export interface PartsSettings { width: number, height: number, seed: number, size: number, bankSize: number }

/** Good parts that a bundle is fitted on, then those that a person confirms: two of five of these check every later update. */
const FITTED = 60
const CONFIRMED = 40

const drawnProducts = ['plate', 'dark plate'] as const

/** Good parts of the generated line by number; dark plates are their negatives, anodised as it were. */
export function drawnParts ({ width, height, seed }: PartsSettings): (product: typeof drawnProducts[number], index: number) => RawImage {
  const line = createGeneratedLine({ seed, width, height, defectRate: 0 })
  return (product, index) => {
    const { pixels } = line.render(index)
    return { data: product === 'plate' ? pixels : pixels.map((value) => 255 - value), width, height, channels: 3 }
  }
}

/**
 * Writes the first product's parts into `parts`, a bundle at `request.bundle`, and its memory.
 * @throws what fitting throws; GOODPARTS_FIT_FAILED when the first update is refused
 */
export async function prepareLine (parts: string, request: UpdateRequest, settings: PartsSettings): Promise<void> {
  const draw = drawnParts(settings)
  makeFolder(parts)
  const images: Array<{ path: string, group: null, calibration: boolean }> = []
  for (let index = 0; index < FITTED; index++) {
    const path = join(parts, `${String(index).padStart(4, '0')}.png`)
    await writeFile(path, await encodePng(draw('plate', index), 1))
    images.push({ path, group: null, calibration: false })
  }
  const options = { scale: 'standard', size: settings.size, bankSize: settings.bankSize, components: 64, whitening: false, normalisation: 'backbone' }
  await fitInProcess({ family: 'patch-memory', images, options, seed: settings.seed, output: request.bundle })

  const inbox = new LabelInbox(join(request.folder, 'inbox'), request.inbox)
  // Twelve held-out scores set a limit that one good part in six may exceed: the person has looked at those again already.
  for (let index = FITTED; index < FITTED + CONFIRMED; index++) {
    await inbox.add(await encodePng(draw('plate', index), 1), { product: 'plate', label: 'good', partId: `plate ${index}`, by: 'person', pValue: null, inDrift: false }, { confirmed: true })
  }
  const { accepted, gate } = await updateInProcess(request)
  if (!accepted) throw new GoodpartsError('GOODPARTS_FIT_FAILED', `Expected the parts of the product that runs to be accepted, got: ${gate.reasons.join('; ')}`)
}
