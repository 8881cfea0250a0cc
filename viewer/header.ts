/** The bar at the top: state of the connection, lines, heatmap controls, language and theme. */
import type { ConnectionState } from './connection.ts'
import { element } from './element.ts'
import { icon } from './icons.ts'
import type { Preferences, Theme } from './preferences.ts'
import { currentLanguage, languages, translate, type Language } from './texts.ts'

const themes: readonly Theme[] = ['system', 'light', 'dark']

export interface HeaderListener {
  onPreferences (changed: 'language' | 'theme' | 'heatmap'): void
  /** `null` = all lines. */
  onFocus (line: string | null): void
}

export class Header {
  readonly host: HTMLElement
  readonly #preferences: Preferences
  readonly #listener: HeaderListener
  readonly #state = element('span', { class: 'state', role: 'status' })
  readonly #viewers = element('span', { class: 'viewers' })
  readonly #tabs = element('nav', { class: 'tabs', label: 'lines' })
  readonly #percent = element('output', { class: 'hint' })
  #connection: ConnectionState = 'connecting'
  #viewerCount = 0
  #lines: { names: string[], focused: string | null } = { names: [], focused: null }

  constructor (preferences: Preferences, listener: HeaderListener) {
    this.#preferences = preferences
    this.#listener = listener
    const mark = element('img', { src: './mark.svg', alt: '', width: '26', height: '26' })
    this.host = element('header', { class: 'top' },
      element('div', { class: 'bar' },
        element('h1', {}, mark, 'Goodparts', element('small', { text: 'title' })),
        element('span', { class: 'space' }), this.#viewers, this.#state, this.#languageChoice(), this.#themeButton()),
      element('div', { class: 'bar second' }, this.#tabs, element('span', { class: 'space' }), this.#heatmapControls()))
    this.render()
  }

  connection (state: ConnectionState): void {
    this.#connection = state
    this.render()
  }

  viewers (count: number): void {
    if (count === this.#viewerCount) return
    this.#viewerCount = count
    this.render()
  }

  lines (names: string[], focused: string | null): void {
    this.#lines = { names, focused }
    this.render()
  }

  render (): void {
    this.#state.dataset.state = this.#connection
    this.#state.textContent = translate(this.#connection)
    this.#viewers.textContent = this.#viewerCount === 0 || this.#connection !== 'connected' ? '' : this.#viewerCount === 1 ? translate('viewersOne') : translate('viewers', { count: this.#viewerCount })
    this.#percent.textContent = translate('thresholdUnit', { percent: Math.round(this.#preferences.heatmap.threshold * 100) })
    const { names, focused } = this.#lines
    const choices: Array<string | null> = names.length > 1 ? [null, ...names] : []
    this.#tabs.replaceChildren(...choices.map((name) => this.#tab(name, name === focused)))
  }

  #tab (name: string | null, current: boolean): HTMLElement {
    const tab = element('button', { type: 'button', 'aria-current': current ? 'page' : undefined }, name ?? translate('allLines'))
    tab.addEventListener('click', () => { this.#listener.onFocus(name) })
    return tab
  }

  #heatmapControls (): HTMLElement {
    const { heatmap } = this.#preferences
    const visible = element('input', { type: 'checkbox', id: 'heatmap', role: 'switch' })
    visible.checked = heatmap.visible
    visible.addEventListener('change', () => { heatmap.visible = visible.checked; this.#changed() })
    const hold = element('input', { type: 'checkbox', id: 'hold', role: 'switch' })
    hold.checked = this.#preferences.holdRejects
    hold.addEventListener('change', () => { this.#preferences.holdRejects = hold.checked; this.#changed() })
    return element('div', { class: 'controls' },
      element('label', { class: 'check', hint: 'holdHint' }, hold, element('span', { text: 'hold' })),
      element('label', { class: 'check' }, visible, element('span', { text: 'heatmap' })),
      element('span', { class: 'pair' }, element('label', { for: 'opacity', text: 'opacity' }), this.#slider('opacity', { min: 0, max: 1, step: 0.05 })),
      element('span', { class: 'pair' }, element('label', { for: 'threshold', text: 'threshold' }), this.#slider('threshold', { min: 0.3, max: 2, step: 0.05 })), this.#percent,
      element('span', { class: 'legend', 'aria-hidden': 'true' }, element('span', { text: 'legendLow' }), element('i'), element('span', { text: 'legendHigh' })))
  }

  #slider (name: 'opacity' | 'threshold', range: { min: number, max: number, step: number }): HTMLInputElement {
    const slider = element('input', { type: 'range', id: name, min: String(range.min), max: String(range.max), step: String(range.step) })
    slider.value = String(this.#preferences.heatmap[name])
    slider.addEventListener('input', () => { this.#preferences.heatmap[name] = slider.valueAsNumber; this.#changed() })
    return slider
  }

  #changed (): void {
    this.render()
    this.#listener.onPreferences('heatmap')
  }

  #languageChoice (): HTMLElement {
    const choice = element('select', { label: 'language', id: 'language' }, ...languages.map(({ code, name }) => element('option', { value: code, lang: code }, name)))
    choice.value = currentLanguage()
    choice.addEventListener('change', () => { this.#preferences.language = choice.value as Language; this.#listener.onPreferences('language') })
    return choice
  }

  #themeButton (): HTMLElement {
    const button = element('button', { type: 'button', class: 'quiet', label: 'theme', id: 'theme' }, icon('theme'))
    button.addEventListener('click', () => {
      this.#preferences.theme = themes[(themes.indexOf(this.#preferences.theme) + 1) % themes.length] ?? 'system'
      this.#listener.onPreferences('theme')
    })
    return button
  }
}
