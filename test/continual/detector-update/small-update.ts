/** A line whose update takes no time: what it would learn is decided already. */
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { readBundle, saveBundle } from '../../../engine/bundle/bundle.ts'
import { lastOutcomePath, putInUse, type LinePlace } from '../../../engine/continual/detector-update/line-change.ts'
import { ExemplarStore } from '../../../engine/continual/exemplar-store.ts'
import { LabelInbox } from '../../../engine/continual/label-inbox.ts'
import { brightnessBundle } from '../../runtime/brightness-bundle.ts'
import { memoryOf } from '../stored-memory.ts'

const pictureBytes = 20_000

export function placeIn (folder: string): LinePlace {
  return { bundle: join(folder, 'line.onnx'), folder, memory: { items: 100, bytes: 1e9 }, inbox: { items: 100, bytes: 1e9 } }
}

/** With the bundle before and after beside it, labels that wait and a memory of before. */
export async function beginLine (folder: string): Promise<LinePlace> {
  const place = placeIn(folder)
  const old = await brightnessBundle()
  await saveBundle(place.bundle, old)
  await saveBundle(join(folder, 'old.onnx'), old)
  await saveBundle(join(folder, 'new.onnx'), await brightnessBundle({ factor: 0.5 }))
  const inbox = new LabelInbox(join(folder, 'inbox'), place.inbox)
  for (const label of ['good', 'scratch', 'remove']) await inbox.add(Buffer.alloc(pictureBytes, label), { product: 'plate', label, partId: null, by: 'person', pValue: null, inDrift: false })
  const store = openStore(place)
  store.replace(memoryOf('before', 3, store.pictures, pictureBytes))
  store.close()
  return place
}

export async function updateOf (place: LinePlace): Promise<void> {
  const store = openStore(place)
  try {
    const inbox = new LabelInbox(join(place.folder, 'inbox'), place.inbox)
    const [before, after] = [await readBundle(place.bundle), await readBundle(join(place.folder, 'new.onnx'))]
    await putInUse(place, store, { before, after, memory: memoryOf('after', 5, store.pictures, pictureBytes), taken: inbox.waiting.slice(), outcome: { bundle: after.metadata.id } })
  } finally {
    store.close()
  }
}

export interface LineState { bundle: string, memory: string[], waiting: string[], said: string | null }

/** As the next to open it finds it. */
export async function stateOf (place: LinePlace): Promise<LineState> {
  const store = openStore(place)
  const memory = store.read().exemplars.map(({ label }) => label)
  store.close()
  const inbox = new LabelInbox(join(place.folder, 'inbox'), place.inbox, { tidy: true })
  let said: string | null = null
  try {
    said = (JSON.parse(readFileSync(lastOutcomePath(place.folder), 'utf8')) as { bundle: string } | null)?.bundle ?? null
  } catch {
    // Nothing was said yet.
  }
  return {
    bundle: (await readBundle(place.bundle)).metadata.id,
    memory,
    waiting: inbox.waiting.filter(({ sha256 }) => inbox.pictures.read(sha256) !== null).map(({ label }) => label).sort(),
    said
  }
}

function openStore (place: LinePlace): ExemplarStore {
  return new ExemplarStore({ folder: join(place.folder, 'memory'), ...place.memory })
}
