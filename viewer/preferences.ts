/** What the page remembers on this device. */
import type { HeatmapSettings } from './heatmap.ts'
import type { Language } from './texts.ts'

export type Theme = 'system' | 'light' | 'dark'

export interface Preferences {
  language: Language
  theme: Theme
  /** A reject stays on the screen for a moment. */
  holdRejects: boolean
  heatmap: HeatmapSettings
}

const KEY = 'goodparts.live'

export function loadPreferences (): Preferences {
  const first: Preferences = {
    language: navigator.language.toLowerCase().startsWith('ko') ? 'ko' : 'en',
    theme: 'system',
    holdRejects: true,
    heatmap: { visible: true, opacity: 0.7, threshold: 1 }
  }
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>
    return { ...first, ...kept, heatmap: { ...first.heatmap, ...kept.heatmap } }
  } catch {
    return first
  }
}

export function savePreferences (preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences))
  } catch {
    // A browser that keeps nothing still shows the page.
  }
}

export function applyTheme (theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
}
