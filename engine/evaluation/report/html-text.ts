/** HTML as text that cannot be escaped from: every value put into a template is escaped unless it is HTML already. */
export class Html {
  readonly text: string

  constructor (text: string) {
    this.text = text
  }
}

export type HtmlPart = Html | string | number | null | undefined | readonly HtmlPart[]

export function html (strings: TemplateStringsArray, ...parts: HtmlPart[]): Html {
  return new Html(strings.reduce((text, next, i) => text + render(parts[i - 1]) + next))
}

function render (part: HtmlPart): string {
  if (part instanceof Html) return part.text
  if (part === null || part === undefined) return ''
  if (typeof part === 'object') return part.map(render).join('')
  return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** A number with so many decimals, or a dash. */
export function decimals (value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits)
}

export function percent (share: number | null): string {
  return share === null ? '–' : `${(100 * share).toFixed(share > 0 && share < 0.1 ? 2 : 1)}\u00a0%`
}
