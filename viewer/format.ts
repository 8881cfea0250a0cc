/** Numbers and times in the language of the page. */
import { currentLanguage } from './texts.ts'

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

export function formatTime (iso: string): string {
  const milliseconds = iso.slice(20, 21)
  return `${new Date(iso).toLocaleTimeString(currentLanguage(), { hour12: false })}.${milliseconds}`
}

export function formatDateTime (iso: string): string {
  return new Date(iso).toLocaleString(currentLanguage(), { dateStyle: 'medium', timeStyle: 'medium' })
}
