/**
 * A line that keeps learning: labels and inspected parts come in, updates go out. Watches for drift meanwhile, and lets nothing that was seen in
 * drift be learned without a person.
 */
import { EventEmitter } from 'node:events'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { splitExemplarLabel } from '../../schemas/exemplar-label.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import type { LineDrift, Withdrawal } from '../../schemas/learning.ts'
import type { WatchedScores } from '../decision/drift/drift-monitor.ts'
import { asGoodpartsError, GoodpartsError } from '../errors.ts'
import type { Frame } from '../frame/frame.ts'
import type { UpdateMode } from './detector-update/candidate-model.ts'
import { isUntold, lastOutcomePath, told } from './detector-update/line-change.ts'
import { settleInThread, takeBackInThread, type TakingBackById } from './detector-update/line-change-thread.ts'
import type { UpdateOutcome, UpdateRequest } from './detector-update/update-detector.ts'
import { updateInProcess } from './detector-update/update-process.ts'
import { removedLabel } from '../label-text.ts'
import { writeWhole } from '../whole-file.ts'
import { DueLabels } from './due-labels.ts'
import { pngOf } from './frame-png.ts'
import { KeptTime } from './kept-time.ts'
import { LabelInbox, type PictureLabel, type WaitingPicture } from './label-inbox.ts'
import type { LineReplayEvents } from './line-replay-events.ts'
import { LineWatch } from './line-watch.ts'
import { PictureFiles, sha256InTurn } from './picture-files.ts'
import { labelOf, type SaidLabel } from './said-word.ts'

export interface LineReplayOptions {
  request: UpdateRequest
  /** Labels of persons after which an update begins by itself; 0 = only when asked. */
  updateAfter: number
  /** What the line itself calls good is learned too, far from the limit, at most one part in so many milliseconds; `null` = not at all. */
  learnFromLineEveryMs: number | null
  /** Probability that the scores ever alarm while nothing changes; the same for the look of parts. */
  driftRate: number
  /** Clock, for tests. */
  now?: () => number
}

export class LineReplay extends EventEmitter<LineReplayEvents> {
  readonly #options: LineReplayOptions
  readonly #inbox: LabelInbox
  readonly #memory: PictureFiles
  readonly #now: () => number
  readonly #watch: LineWatch
  #learnedAt = -Infinity
  /** One of the line's own parts is being kept: of those that come meanwhile none is, so that no more than one frame waits for the disk. */
  #learning = false
  readonly #dueLabels: DueLabels
  #run: AbortController | null = null
  /** ISO 8601: when the update that runs was cancelled. */
  #cancelledAt: string | null = null
  /** The update that runs is ended for a drift, and begins anew without what the line said itself. */
  #beginsAnew = false
  #work: Promise<void> = Promise.resolve()
  #isClosed = false
  /** Labels are read, and nothing else changes them. */
  #ready: Promise<void> | null = null
  readonly #adding = new Set<Promise<unknown>>()
  #last: UpdateOutcome | null = null
  #failure: GoodpartsError | null = null
  /** When an update was last taken back. */
  readonly #takenBack: KeptTime

  /** @throws GOODPARTS_STORE_FAILED and others when the folder cannot be used */
  constructor (options: LineReplayOptions) {
    super()
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    const { folder, inbox } = options.request
    this.#inbox = new LabelInbox(join(folder, 'inbox'), inbox, { later: true })
    this.#memory = new PictureFiles(join(folder, 'memory', 'pictures'))
    const { driftRate, updateAfter, request: { seed } } = options
    this.#dueLabels = new DueLabels(updateAfter, join(folder, 'counted-from.json'))
    this.#takenBack = new KeptTime(join(folder, 'taken-back.json'))
    this.#watch = new LineWatch({
      name: basename(folder),
      untilPath: join(folder, 'drift-until.json'),
      falseAlarmRate: driftRate,
      seed,
      now: this.#now,
      tell: (alarm, isFirst) => {
        if (isFirst) this.#beginAnew()
        this.emit('drift', alarm)
      },
      fail: (error) => { this.emit('unwatched', error) }
    })
    // Who calls something hears of it.
    this.#whenReady().catch(() => {})
  }

  /** `failure`: of the last update, until another begins; `last` is then of one before it. `takenBackAt`: ISO 8601, when an update after `last` was taken back. */
  get state (): { waiting: number, updating: boolean, inDrift: boolean, drift: LineDrift | null, last: UpdateOutcome | null, failure: GoodpartsError | null, takenBackAt: string | null } {
    const { drift } = this.#watch
    const takenBackAt = this.#takenBack.value > (this.#last?.endedAt ?? '') ? this.#takenBack.value : null
    return { waiting: this.#inbox.waiting.length, updating: this.#run !== null, inDrift: drift !== null, drift, last: this.#last, failure: this.#failure, takenBackAt }
  }

  /** What the last update left, and the labels that wait, from the disk: to be called once at the beginning. `updated` tells of one that came into use before this process. @throws GOODPARTS_STORE_FAILED */
  async recall (): Promise<void> {
    await this.#whenReady()
    if (this.#isClosed) return
    this.#last ??= await this.#lastOutcome()
    if (this.#last !== null && this.#run === null && isUntold(this.#options.request.folder)) this.#announce(this.#last, null)
    this.#beginIfDue()
  }

  /** Another bundle took its place, the first or another: drift is measured against its scores from now on. */
  watch (scores: WatchedScores): void {
    this.#watch.begin(scores)
  }

  /** A part that was labelled, encoded without loss. @returns SHA-256 of its picture. @throws GOODPARTS_QUEUE_FULL, GOODPARTS_STORE_FAILED */
  async labelPicture (picture: Uint8Array, said: SaidLabel, inspection: InspectionRecord | null): Promise<string> {
    return await this.#keep(picture, { ...labelOf(said, inspection), inDrift: this.#watch.drift !== null })
  }

  /** `labelPicture` would change nothing: the same word is delivered again. */
  async hasHeard (sha256: string, said: SaidLabel, inspection: InspectionRecord | null): Promise<boolean> {
    await this.#whenReady()
    return await this.#inbox.hasHeard(sha256, labelOf(said, inspection))
  }

  /** The person takes a label back: it is not learned; where it was, its picture is forgotten at the next update, but for what the model has learned of it. */
  async withdraw (sha256: string): Promise<Withdrawal> {
    await this.#whenReady()
    const isRemembered = await this.#memory.readInTurn(sha256) !== null
    const learned = await this.#inbox.heard.learned(sha256)
    this.#refuseIfClosed()
    const waiting = this.#inbox.waiting.find((picture) => picture.sha256 === sha256)
    const mayBeLearned = isRemembered || (waiting !== undefined && this.#run !== null)
    if (mayBeLearned) {
      const exemplar = this.#last?.exemplars.find((each) => each.sha256 === sha256)
      await this.relabel(sha256, { product: waiting?.product ?? (exemplar === undefined ? 'part' : splitExemplarLabel(exemplar.label).product), label: removedLabel })
    } else await this.#inbox.withdraw(sha256, learned !== null)
    return learned === 'in-model' ? learned : mayBeLearned || learned === 'checked' ? 'at-next-update' : 'not-learned'
  }

  /** Another word for a picture that is kept or waits; `removedLabel` lets it go. @throws GOODPARTS_PART_GONE when there is no such picture */
  async relabel (sha256: string, label: Pick<PictureLabel, 'product' | 'label'>): Promise<void> {
    const picture = await this.picture(sha256)
    if (picture === null) throw new GoodpartsError('GOODPARTS_PART_GONE', `Expected a picture ${sha256} in the memory or waiting, got none`)
    // The person has seen the picture: their word stands against what it looks like.
    await this.#add(picture, { ...label, partId: null, by: 'person', pValue: null, inDrift: false }, { confirmed: true })
  }

  /** A part that was inspected: watched for drift, and where the options say so learned from. */
  async inspected (frame: Frame, inspection: InspectionRecord): Promise<void> {
    const { verdict, pValue, partId, product } = inspection
    const now = this.#now()
    await this.#watch.inspected(frame, inspection)
    const every = this.#options.learnFromLineEveryMs
    if (every === null || this.#learning || verdict !== 'good' || this.#watch.drift !== null || now - this.#learnedAt < every) return
    this.#learnedAt = now
    this.#learning = true
    try {
      await this.#keep(await pngOf(frame), { product: product ?? 'part', label: 'good', partId, by: 'line', pValue, inDrift: this.state.inDrift })
    } finally {
      this.#learning = false
    }
  }

  /** Begins an update unless one runs, of the kind that the options say or of this one; `updated` or `failed` follows. */
  update (mode: UpdateMode = this.#options.request.mode): void {
    if (this.#run !== null || this.#isClosed) return
    const run = this.#run = new AbortController()
    this.#dueLabels.begun()
    this.#cancelledAt = null
    this.#failure = null
    this.#beginsAnew = false
    this.#work = this.#update(run, mode)
  }

  /** Ends an update; its labels stay, and begin none by themselves. */
  async cancel (): Promise<void> {
    if (this.#run !== null) this.#cancelledAt = new Date().toISOString()
    await this.#end()
  }

  /**
   * Puts the bundle before the one in use back, or the one with this id, with the memory that it had; what was learned since waits again.
   * @returns its path. @throws GOODPARTS_ARGUMENT without any
   */
  async rollback (id?: string): Promise<string> {
    await this.cancel()
    await this.#goBack(() => {
      const to = id ?? this.#last?.parent ?? null
      return to === null ? null : { to, refused: null }
    })
    return this.#options.request.bundle
  }

  /**
   * The last update was accepted, but its bundle cannot be used: the one before lies in its place again, what it had learned waits again, and it
   * counts as refused. @throws GOODPARTS_ARGUMENT without any
   */
  async takeBack (why: string): Promise<void> {
    await this.cancel()
    await this.#goBack(() => {
      const last = this.#last
      return last?.accepted !== true || last.parent === null ? null : { to: last.parent, refused: { outcome: last, why } }
    })
  }

  /** The cause of a drift was removed. */
  resetDrift (): void {
    this.#watch.reset()
  }

  /** Encoded, from the memory or from what waits; `null` for an unknown or malformed hash. */
  async picture (sha256: string): Promise<Uint8Array | null> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return null
    return await this.#inbox.pictures.readInTurn(sha256) ?? await this.#memory.readInTurn(sha256)
  }

  /** What waits for an update, oldest first. */
  get waiting (): readonly WaitingPicture[] {
    return this.#inbox.waiting
  }

  /** No part is looked at any more, and the threads that look end at once. */
  async endWatch (): Promise<void> {
    await this.#watch.close()
  }

  /** Refuses what comes from now on; resolves when what came before is on the disk. */
  async close (): Promise<void> {
    this.#isClosed = true
    this.removeAllListeners()
    await this.#end()
    await this.#ready?.catch(() => {})
    // Who begins after this one takes pictures without a label away.
    await Promise.allSettled(this.#adding)
    await Promise.all([this.#watch.close(), this.#dueLabels.close(), this.#takenBack.close()])
  }

  async #lastOutcome (): Promise<UpdateOutcome | null> {
    return await readFile(lastOutcomePath(this.#options.request.folder), 'utf8').then((text) => JSON.parse(text) as UpdateOutcome | null, () => null)
  }

  /** Tries again after a failure. */
  async #whenReady (): Promise<void> {
    this.#ready ??= this.#prepare().catch((error: unknown) => {
      this.#ready = null
      throw error
    })
    await this.#ready
  }

  /** For what changes something: who comes next would not know of it. Directly before the change. @throws GOODPARTS_CLOSED */
  #refuseIfClosed (): void {
    if (this.#isClosed) throw new GoodpartsError('GOODPARTS_CLOSED', 'Expected the replay buffer to run, got one that is being restarted or was taken away', { fix: 'Try again in a few seconds' })
  }

  async #prepare (): Promise<void> {
    await this.#settle()
    await this.#inbox.refreshInTurn()
    this.#inbox.tidy()
  }

  /** An update that came into use is told of by `recall`, or by the update that made it. */
  async #settle (): Promise<void> {
    if (await settleInThread(this.#options.request) !== 'rollback') return
    this.#last = await this.#lastOutcome()
    this.emit('settled')
  }

  async #end (): Promise<void> {
    this.#beginsAnew = false
    this.#run?.abort()
    await this.#work
  }

  /**
   * While no update runs; none begins meanwhile, and labels wait until it is done.
   * @param find What to go back to, asked when nothing runs any more; `null` = there is nothing
   */
  async #goBack (find: () => TakingBackById | null): Promise<void> {
    do {
      await this.#whenReady()
      await this.#end()
      // Another update may have begun while the one before ended.
    } while (this.#run !== null)
    this.#refuseIfClosed()
    const back = find()
    if (back === null) throw nothingToTakeBack()
    this.#run = new AbortController()
    const change = (this.#ready ?? Promise.resolve()).then(async () => this.#changeBack(back))
    this.#ready = this.#work = change.catch(() => {})
    await change
  }

  async #changeBack (back: TakingBackById): Promise<void> {
    try {
      await Promise.allSettled(this.#adding)
      await takeBackInThread(this.#options.request, back)
      const now = new Date().toISOString()
      if (back.refused === null) await this.#takenBack.set(now)
      await this.#dueLabels.countFrom(now)
    } finally {
      this.#run = null
      await this.#inbox.refreshInTurn()
      this.#last = await this.#lastOutcome()
    }
  }

  /** Never while another thread puts labels back. */
  async #add (picture: Uint8Array, label: PictureLabel, { confirmed }: { confirmed: boolean }): Promise<WaitingPicture> {
    await this.#whenReady()
    this.#refuseIfClosed()
    const adding = this.#inbox.add(picture, label, { confirmed })
    this.#adding.add(adding)
    try {
      return await adding
    } finally {
      this.#adding.delete(adding)
    }
  }

  async #keep (picture: Uint8Array, label: PictureLabel): Promise<string> {
    await this.#whenReady()
    const held = await sha256InTurn(picture)
    const before = this.#inbox.waiting.find((each) => each.sha256 === held)
    // The last update told the person what speaks against it, and this is another word of theirs, not the same one that a broker delivers again.
    const isAnother = label.word !== undefined && before?.words?.includes(label.word) !== true
    const confirmed = isAnother && before?.product === label.product && before.label === label.label && this.#last?.heldBack.some((each) => each.sha256 === held) === true
    const { sha256 } = await this.#add(picture, label, { confirmed })
    if (label.by === 'person' && label.label !== removedLabel) this.#beginIfDue()
    return sha256
  }

  #beginIfDue (): void {
    if (this.#run !== null) return
    const labels = this.#dueLabels.of(this.#inbox.waiting)
    if (labels !== null && !this.emit('due', labels)) this.update()
  }

  /** What the line said itself between a change and its alarm may be being learned: an update that runs begins anew without. */
  #beginAnew (): void {
    if (this.#run === null || this.#cancelledAt !== null || !this.#inbox.waiting.some(({ by }) => by === 'line')) return
    this.#beginsAnew = true
    this.#run.abort()
  }

  /** Never rejects: nobody may be there to hear of it. */
  async #update (run: AbortController, mode: UpdateMode): Promise<void> {
    const before = this.#last
    const begun = new Date().toISOString()
    let outcome: UpdateOutcome | null = null
    const failures: unknown[] = []
    const attempt = async (work: () => Promise<void> | void): Promise<void> => {
      try {
        await work()
      } catch (error) {
        failures.push(error)
      }
    }
    try {
      await this.#whenReady()
      await this.#settle()
      const found = await updateInProcess({ ...this.#options.request, mode, driftUntil: this.#watch.driftUntil }, (stage, done, total) => { this.emit('progress', stage, done, total) }, run.signal)
      if (found.accepted) this.#last = found
      else await this.#remember(found)
      outcome = found
    } catch (error) {
      if (!run.signal.aborted) failures.push(error)
      await attempt(async () => {
        // Its process may have ended when the update was decided already.
        await this.#settle()
        if (isUntold(this.#options.request.folder)) outcome = this.#last = await this.#lastOutcome()
      })
    }
    // After a failure its labels still count: the next one begins another.
    const from = this.#cancelledAt ?? (outcome === null ? null : begun)
    if (from !== null) await this.#dueLabels.countFrom(from)
    this.#run = null
    await attempt(async () => this.#inbox.refreshInTurn())
    await attempt(() => { if (outcome !== null) this.#announce(outcome, before) })
    const errors = failures.map((error) => asGoodpartsError(error, 'GOODPARTS_FIT_FAILED'))
    if (outcome === null && !run.signal.aborted) this.#failure = errors[0] ?? null
    for (const error of errors) this.emit('failed', error)
    if (outcome !== null) this.#beginIfDue()
    else if (this.#beginsAnew) this.update(mode)
  }

  async #remember (outcome: UpdateOutcome): Promise<void> {
    await writeWhole(lastOutcomePath(this.#options.request.folder), [JSON.stringify(outcome)])
    this.#last = outcome
  }

  #announce (outcome: UpdateOutcome, before: UpdateOutcome | null): void {
    if (this.emit('updated', outcome, before)) told(this.#options.request.folder)
  }
}

function nothingToTakeBack (): GoodpartsError {
  return new GoodpartsError('GOODPARTS_NOTHING_TO_TAKE_BACK', 'Expected an update to take back, got none')
}
