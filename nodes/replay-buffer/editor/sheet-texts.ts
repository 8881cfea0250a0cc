/** What the editor says of a contact sheet, in its language. */
import type { LearningSheet, SheetPicture } from '../../../schemas/learning.ts'
import { problemInKorean } from '../../../viewer/said-texts.ts'
import { codedInKorean, keptInKorean } from '../../../viewer/update-texts.ts'
import { Refused } from './sheet-requests.ts'

export interface SheetTexts {
  /** A key under `goodparts-replay-buffer.sheet`. */
  translate: (key: string, values?: Record<string, string | number>) => string
  /** Else English. */
  isKorean: boolean
}

/** Why a picture is kept, or asked about, or who labelled it. */
export function whyText ({ text, code, values }: SheetPicture, { translate, isKorean }: SheetTexts): string {
  if (text === 'by a person') return translate('byPerson')
  if (text === 'by the line') return translate('byLine')
  if (!isKorean) return text
  return code === undefined ? keptInKorean(text) : codedInKorean({ code, ...values === undefined ? {} : { values } }) ?? text
}

/** How much is kept and waits; what became of the last update: that it failed or was taken back, why it was refused, and its reject limits. */
export function stateText ({ state: { waiting, last, failed, takenBackAt }, memory }: LearningSheet, { translate, isKorean }: SheetTexts): string {
  const moment = (iso: string): string => new Date(iso).toLocaleString(isKorean ? 'ko' : 'en', { dateStyle: 'medium', timeStyle: 'medium', hour12: false })
  const reasons = last?.reasons.map((reason) => {
    const objection = last.objections?.find(({ text }) => text === reason)
    return (isKorean && objection !== undefined ? codedInKorean(objection) : undefined) ?? reason
  }) ?? []
  return [
    translate('kept', { kept: memory.length, waiting }),
    ...failed == null ? [] : [translate('failed', { reason: inWords(failed, { translate, isKorean }) })],
    ...takenBackAt == null ? [] : [translate(last === null ? 'onlyTakenBack' : 'takenBack', { at: moment(takenBackAt) })],
    ...last?.endedAt === undefined ? [] : [translate('ended', { at: moment(last.endedAt) })],
    ...reasons.length === 0 ? [] : [translate('refused', { reasons: reasons.join('; ') })],
    ...last === null ? [] : limitTexts(last, translate)
  ].join('. ')
}

/** Of each product, its own or those of all. */
function limitTexts ({ products, limits: common }: NonNullable<LearningSheet['state']['last']>, translate: SheetTexts['translate']): string[] {
  const each = products.flatMap(({ product, limits = common }) => {
    if (limits === undefined) return []
    const [before, after] = [limits.before.toPrecision(4), limits.after.toPrecision(4)]
    return [before === after ? `${product} ${after}` : `${product} ${before} → ${after}`]
  })
  return each.length === 0 ? [] : [translate('limits', { limits: each.join(', ') })]
}

/** The server's words with what to do; that a replay buffer is not there, in the editor's own. */
export function problemText (error: unknown, { translate, isKorean }: SheetTexts): string {
  if (!(error instanceof Refused)) return translate('unreachable')
  const { status, code, message, fix } = error
  if (code === 'GOODPARTS_ARGUMENT') return translate('none')
  if (code === null || message === '') return translate('forbidden', { status })
  return inWords({ code, message, fix }, { translate, isKorean })
}

function inWords ({ code, message, fix }: { code: string, message: string, fix: string | null }, { translate, isKorean }: SheetTexts): string {
  const words = fix === null ? message : `${message}. ${translate('fix')}: ${fix}`
  return [isKorean ? problemInKorean(code) : undefined, words].filter((text) => text !== undefined).join(' ')
}
