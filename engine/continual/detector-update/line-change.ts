/**
 * An update, or its taking back, as one step: bundle, memory, labels and what is said of them change together or not at all. All that needs room
 * on the disk is written first, beside what is in use; the memory's transaction decides; after it files are only renamed and removed, which
 * `settle` does again after a crash. So whenever the process ends or the disk fills, the old state is there or the new one.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { saveBundle, type ModelBundle } from '../../bundle/bundle.ts'
import { asGoodpartsError } from '../../errors.ts'
import { writeWhole } from '../../whole-file.ts'
import type { BufferState } from '../buffers/replay-buffer.ts'
import { ExemplarStore, type ExemplarBounds } from '../exemplar-store.ts'
import { HeardLabels } from '../heard-labels.ts'
import { LabelInbox, type InboxBounds, type WaitingPicture } from '../label-inbox.ts'
import { BundleHistory } from './bundle-history.ts'

export interface LinePlace {
  /** In use. */
  bundle: string
  /** Holds `memory`, `inbox`, `history` and how the last update ended. */
  folder: string
  memory: ExemplarBounds
  inbox: InboxBounds
}

interface Journal {
  id: string
  kind: 'update' | 'rollback'
  /** Bundles that an update made: of this update, or of those that are taken back. */
  updates: string[]
  taken: WaitingPicture[]
}

interface UpdateChange {
  before: ModelBundle
  after: ModelBundle
  memory: BufferState
  /** Labels that the update has obeyed. */
  taken: WaitingPicture[]
  /** Pictures that the bank, or the light, was learned from. */
  learned?: readonly string[]
  outcome: object
}

interface TakingBack {
  to: ModelBundle
  /** The bundle in use is whole and can be put back in turn. */
  keepsPresent: boolean
  /** From what was said before the update, `null` where nothing was; the same of what is to be said now. */
  outcome: (before: string | null) => object | null
}

/** What was being changed when a process ended. */
export type Settled = 'update' | 'rollback' | 'nothing'

export const lastOutcomePath = (folder: string): string => join(folder, 'last-update.json')

/** As it is written in the outcome's place where there is none any more. */
const noOutcome = 'null'

/** Puts an update in use. @throws GOODPARTS_STORE_FAILED and the disk's own; then either all of it is in use or nothing once `settle` was called */
export async function putInUse (place: LinePlace, store: ExemplarStore, { before, after, memory, taken, learned = [], outcome }: UpdateChange): Promise<void> {
  const said = outcomeText(place.folder)
  // Left without labels where the update does not come into use, and gone with the next one.
  await new HeardLabels(join(place.folder, 'inbox')).noteLearned(after.metadata.id, learned)
  await change(place, store, {
    kind: 'update',
    bundle: after,
    keepsPresent: true,
    updates: [after.metadata.id],
    taken,
    outcome: JSON.stringify(outcome),
    commit: (id) => { store.replace(memory, { id, before: before.metadata.id, after: after.metadata.id, outcome: said }) }
  })
}

/** Puts a bundle of before back, with the memory that it had; what was learned since waits again. @throws as `putInUse` */
export async function takeBackTo (place: LinePlace, { to, keepsPresent, outcome }: TakingBack): Promise<void> {
  const store = new ExemplarStore({ folder: join(place.folder, 'memory'), ...place.memory })
  try {
    const steps = store.stepsSince(to.metadata.id)
    await change(place, store, {
      kind: 'rollback',
      bundle: to,
      keepsPresent,
      updates: steps.map(({ after }) => after),
      taken: [],
      outcome: JSON.stringify(outcome(steps[0]?.outcome ?? null)),
      commit: (id) => { store.goBack(to.metadata.id, id) }
    })
  } finally {
    store.close()
  }
}

/**
 * Ends what a crash, a kill or a full disk has left half done: to be called before inbox or memory are read, while no update runs.
 * @returns what was brought to its end; `nothing` also where all was still as before
 * @throws GOODPARTS_STORE_FAILED; it can be called again
 */
export function settle (place: LinePlace): Settled {
  const journal = readJournal(place.folder)
  if (journal === null) {
    discard(place)
    return 'nothing'
  }
  const store = new ExemplarStore({ folder: join(place.folder, 'memory'), ...place.memory })
  try {
    if (store.lastChange !== journal.id) {
      discard(place)
      return 'nothing'
    }
    finish(place, store, journal)
    return journal.kind
  } catch (error) {
    throw asGoodpartsError(error, 'GOODPARTS_STORE_FAILED')
  } finally {
    store.close()
  }
}

/** An update came into use and nobody has been told of it. */
export function isUntold (folder: string): boolean {
  return existsSync(untoldPath(folder))
}

export function told (folder: string): void {
  rmSync(untoldPath(folder), { force: true })
}

interface Change extends Omit<Journal, 'id'> {
  bundle: ModelBundle
  keepsPresent: boolean
  outcome: string
  /** The memory's transaction, which remembers the id. */
  commit: (id: string) => void
}

async function change (place: LinePlace, store: ExemplarStore, { bundle, keepsPresent, outcome, commit, ...described }: Change): Promise<void> {
  const id = randomUUID()
  const history = new BundleHistory(join(place.folder, 'history'))
  const journal: Journal = { id, ...described }
  try {
    if (keepsPresent) await history.keep(place.bundle)
    await saveBundle(nextBundlePath(place), bundle)
    await writeWhole(nextOutcomePath(place.folder), [outcome])
    await writeWhole(journalPath(place.folder), [JSON.stringify(journal)])
    commit(id)
  } catch (error) {
    discard(place)
    throw error
  }
  finish(place, store, journal)
  await history.prune()
}

/** Each step may have been done before. */
function finish (place: LinePlace, store: ExemplarStore, { kind, updates, taken }: Journal): void {
  renameIfThere(nextBundlePath(place), place.bundle)
  const inbox = new LabelInbox(join(place.folder, 'inbox'), place.inbox)
  // The latest word on a picture waits, of all that are taken back.
  for (const update of updates.toReversed()) {
    if (kind === 'update') inbox.setAside(taken, update)
    else inbox.takeBack(update)
  }
  inbox.forgetAside(new Set(store.steps.map(({ after }) => after)))
  renameIfThere(nextOutcomePath(place.folder), lastOutcomePath(place.folder))
  if (kind === 'update') renameIfThere(journalPath(place.folder), untoldPath(place.folder))
  else rmSync(journalPath(place.folder), { force: true })
}

/** With what was being written of it. */
function discard (place: LinePlace): void {
  for (const path of [journalPath(place.folder), nextOutcomePath(place.folder), nextBundlePath(place)]) {
    const folder = dirname(path)
    const names = existsSync(folder) ? readdirSync(folder) : []
    for (const name of names.filter((each) => each === basename(path) || each.startsWith(`${basename(path)}.`))) rmSync(join(folder, name), { force: true })
  }
}

function outcomeText (folder: string): string | null {
  try {
    const text = readFileSync(lastOutcomePath(folder), 'utf8')
    return text === noOutcome ? null : text
  } catch {
    return null
  }
}

/** Written whole or not at all. */
function readJournal (folder: string): Journal | null {
  if (!existsSync(journalPath(folder))) return null
  return JSON.parse(readFileSync(journalPath(folder), 'utf8')) as Journal
}

function renameIfThere (from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to)
}

function journalPath (folder: string): string {
  return join(folder, 'change.json')
}

function untoldPath (folder: string): string {
  return join(folder, 'untold-update.json')
}

function nextOutcomePath (folder: string): string {
  return join(folder, 'next-update.json')
}

/** On the disk of the bundle, so that it takes its place by a rename. */
function nextBundlePath ({ bundle }: LinePlace): string {
  return `${bundle}.next`
}
