/** The thread that settles and takes back. */
import { join } from 'node:path'
import { parentPort } from 'node:worker_threads'
import type { BundleMetadata } from '../../../schemas/bundle.ts'
import type { ThreadReply } from '../../answering-thread.ts'
import { readBundle } from '../../bundle/bundle.ts'
import { asGoodpartsError } from '../../errors.ts'
import { BundleHistory } from './bundle-history.ts'
import { settle, takeBackTo, type LinePlace, type Settled } from './line-change.ts'
import type { LineChangeQuestion, TakingBackById } from './line-change-thread.ts'
import type { UpdateOutcome } from './update-detector.ts'

parentPort?.on('message', (question: LineChangeQuestion) => {
  change(question).then((result) => { reply({ result }) }, (cause: unknown) => {
    const { code, message, fix } = asGoodpartsError(cause, 'GOODPARTS_STORE_FAILED')
    reply({ error: { code, message, fix } })
  })
})

async function change ({ place, back }: LineChangeQuestion): Promise<Settled> {
  const settled = settle(place)
  if (back !== null) await takeBack(place, back)
  return settled
}

async function takeBack (place: LinePlace, { to: id, refused }: TakingBackById): Promise<void> {
  const to = await new BundleHistory(join(place.folder, 'history')).read(id)
  // A bundle that cannot be used is nothing to go back to in turn.
  const keepsPresent = refused === null && await readBundle(place.bundle).then(() => true, () => false)
  await takeBackTo(place, {
    to,
    keepsPresent,
    outcome: (text) => {
      const before = text === null ? null : JSON.parse(text) as UpdateOutcome
      return refused === null ? before : asRefused(refused, to.metadata, before)
    }
  })
}

function asRefused ({ outcome, why }: NonNullable<TakingBackById['refused']>, { id, parent }: BundleMetadata, before: UpdateOutcome | null): UpdateOutcome {
  return {
    ...outcome,
    accepted: false,
    bundle: id,
    parent,
    learned: 0,
    learnedPictures: [],
    gate: { ...outcome.gate, accepted: false, reasons: [why, ...outcome.gate.reasons] },
    memory: before?.memory ?? { items: 0, bytes: 0, classes: {} },
    exemplars: before?.exemplars ?? []
  }
}

function reply (message: ThreadReply<Settled>): void {
  parentPort?.postMessage(message)
}
