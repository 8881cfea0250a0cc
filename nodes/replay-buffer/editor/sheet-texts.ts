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

/** How much is kept and waits; why the last update was refused, where it was. */
export function stateText ({ state: { waiting, last }, memory }: LearningSheet, { translate, isKorean }: SheetTexts): string {
  const reasons = last?.reasons.map((reason) => {
    const objection = last.objections?.find(({ text }) => text === reason)
    return (isKorean && objection !== undefined ? codedInKorean(objection) : undefined) ?? reason
  }) ?? []
  const kept = translate('kept', { kept: memory.length, waiting })
  return reasons.length === 0 ? kept : `${kept}. ${translate('refused', { reasons: reasons.join('; ') })}`
}

/** The server's words with what to do; that a replay buffer is not there, in the editor's own. */
export function problemText (error: unknown, { translate, isKorean }: SheetTexts): string {
  if (!(error instanceof Refused)) return translate('unreachable')
  const { status, code, message, fix } = error
  if (code === 'GOODPARTS_ARGUMENT') return translate('none')
  if (code === null || message === '') return translate('forbidden', { status })
  const words = fix === null ? message : `${message}. ${translate('fix')}: ${fix}`
  return [isKorean ? problemInKorean(code) : undefined, words].filter((text) => text !== undefined).join(' ')
}
