/** Reads test pictures ahead of the scoring, in batches of one geometry. */
import { stat } from 'node:fs/promises'
import { decodeImage, type RawImage } from '../frame/image-codec.ts'
import type { DatasetEntry } from './dataset-entry.ts'

export interface TestPicture {
  entry: DatasetEntry
  image: RawImage
  fileBytes: number
}

/** Batches of at most `batchSize` neighbours of equal geometry, in order; the next ones are decoded while the caller works on one. */
export async function * pictureBatches (entries: readonly DatasetEntry[], batchSize: number): AsyncGenerator<TestPicture[]> {
  const ahead: Array<Promise<TestPicture>> = []
  let batch: TestPicture[] = []
  for (let next = 0; next < entries.length || ahead.length > 0;) {
    while (ahead.length < 2 * batchSize && next < entries.length) ahead.push(begin(entries[next++] as DatasetEntry))
    const picture = await ahead.shift() as TestPicture
    const first = batch[0]
    if (first !== undefined && (batch.length === batchSize || !sameGeometry(first.image, picture.image))) {
      yield batch
      batch = []
    }
    batch.push(picture)
  }
  if (batch.length > 0) yield batch
}

/** Awaited in its turn; until then a failure must not count as nobody's. */
function begin (entry: DatasetEntry): Promise<TestPicture> {
  const reading = readPicture(entry)
  reading.catch(() => undefined)
  return reading
}

async function readPicture (entry: DatasetEntry): Promise<TestPicture> {
  const [image, { size }] = await Promise.all([decodeImage(entry.path), stat(entry.path)])
  return { entry, image, fileBytes: size }
}

function sameGeometry (a: RawImage, b: RawImage): boolean {
  return a.width === b.width && a.height === b.height && a.channels === b.channels
}
