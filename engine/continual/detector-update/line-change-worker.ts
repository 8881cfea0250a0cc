/** The thread that settles and takes back. */
import { join } from 'node:path'
import type { BundleMetadata } from '../../../schemas/bundle.ts'
import { answerQuestions } from '../../answering-thread.ts'
import { readBundle } from '../../bundle/bundle.ts'
import { BundleHistory } from './bundle-history.ts'
import { settle, takeBackTo, type LinePlace, type Settled } from './line-change.ts'
import type { LineChangeQuestion, TakingBackById } from './line-change-thread.ts'
import type { UpdateOutcome } from './update-detector.ts'

answerQuestions<Settled>('GOODPARTS_STORE_FAILED', async ({ place, back }: LineChangeQuestion) => {
  const settled = settle(place)
  if (back !== null) await takeBack(place, back)
  return settled
})

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
