/** Numbers and times in the language of the page. */
import { currentLanguage } from './texts.ts'

/** The same in every language: a line's clock has 24 hours. */
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false })

/** Three significant digits, never in exponent form within what scores take. */
export function formatScore (score: number): string {
  const size = Math.abs(score)
  return score.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

export function formatRate (perSecond: number): string {
  return perSecond >= 99.5 ? perSecond.toFixed(0) : perSecond.toFixed(1)
}

export function formatCount (count: number): string {
  return count.toLocaleString(currentLanguage())
}

/** `14:03:27.4`. */
export function formatTime (iso: string): string {
  const at = new Date(iso)
  return `${clock.format(at)}.${Math.floor(at.getMilliseconds() / 100)}`
}

/** The time, and the day before it unless it is today: rejects stay over night. */
export function formatMoment (iso: string, now: Date = new Date()): string {
  const at = new Date(iso)
  if (at.toDateString() === now.toDateString()) return formatTime(iso)
  return `${at.toLocaleDateString(currentLanguage(), { month: 'short', day: 'numeric' })} ${clock.format(at)}`
}

export function formatDateTime (iso: string): string {
  return new Date(iso).toLocaleString(currentLanguage(), { dateStyle: 'medium', timeStyle: 'medium', hour12: false })
}

/** A number of an axis, with as many decimals as the step between two of them has. */
export function formatTick (value: number, splits: readonly number[]): string {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0))
  let decimals = 0
  while (decimals < 6 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6 * step * 10 ** decimals) decimals++
  return value.toFixed(decimals)
}
