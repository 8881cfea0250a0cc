/** The caller's side of the thread that settles and takes back: bundles are hashed and databases opened there. It lives for one change. */
import { basename } from 'node:path'
import { AnsweringThread } from '../../answering-thread.ts'
import { siblingModule } from '../../sibling-module.ts'
import type { LinePlace, Settled } from './line-change.ts'
import type { UpdateOutcome } from './update-detector.ts'

export interface TakingBackById {
  /** Of a bundle that is kept. */
  to: string
  /** Of an update that counts as refused from now on, because its bundle cannot be used; `null` = nothing is said of it. */
  refused: { outcome: UpdateOutcome, why: string } | null
}

export interface LineChangeQuestion {
  place: LinePlace
  /** `null` = only settle. */
  back: TakingBackById | null
}

/** Bundles may have hundreds of megabytes, on a disk that others use. What is cut off then is settled the next time. */
const LIMIT_MS = 600_000

/** As `settle`, without holding up the calling thread. */
export async function settleInThread (place: LinePlace): Promise<Settled> {
  return await ask({ place, back: null })
}

/** Settles, and puts a bundle of before back as `takeBackTo` does. @throws as that, GOODPARTS_ARGUMENT when there is no such bundle, GOODPARTS_BUNDLE_INVALID when it was damaged */
export async function takeBackInThread (place: LinePlace, back: TakingBackById): Promise<void> {
  await ask({ place, back })
}

/** By folder: a replay buffer that begins while the one before it still changes the files goes on after it. */
const turns = new Map<string, Promise<unknown>>()

async function ask (question: LineChangeQuestion): Promise<Settled> {
  const { folder } = question.place
  const answer = (turns.get(folder) ?? Promise.resolve()).catch(() => {}).then(async () => exchange(question))
  turns.set(folder, answer)
  try {
    return await answer
  } finally {
    if (turns.get(folder) === answer) turns.delete(folder)
  }
}

async function exchange ({ place: { bundle, folder, memory, inbox }, back }: LineChangeQuestion): Promise<Settled> {
  const thread = new AnsweringThread<LineChangeQuestion, Settled>({
    hop: `line-change/${basename(folder)}`, capacity: 1, limitMs: LIMIT_MS, name: 'goodparts-line-change', module: siblingModule(import.meta.url, './line-change-worker'), failure: 'GOODPARTS_STORE_FAILED'
  })
  try {
    return await thread.ask({ place: { bundle, folder, memory, inbox }, back })
  } finally {
    await thread.close()
  }
}
