/** A picture of the replay buffer: what it is said to show, why it is there, and the buttons to correct it. */
import { splitExemplarLabel } from '../schemas/exemplar-label.ts'
import type { SheetPicture } from '../schemas/learning.ts'
import { element } from './element.ts'
import { icon, type IconName } from './icons.ts'
import { codedText, keptText, translate, type TextKey } from './texts.ts'
import { namesSnnl } from './update-texts.ts'
import { labelPattern } from './word-bar.ts'

export interface CardDesk {
  mayCorrect: () => boolean
  /** `null` lets the picture go. */
  relabel: (sha256: string, said: { product: string, label: string } | null) => Promise<void>
  picture: (sha256: string) => Promise<Blob>
  /** Id of a list of the types that were named before. */
  types: string
}

/** What is said of a picture that is not to be kept. */
const removed = 'remove'

/** `asks`: it is to be looked at again. `next` is what was said of it since, `product/label`. */
export function exemplarCard (picture: SheetPicture, { desk, asks, next }: { desk: CardDesk, asks: boolean, next: string | undefined }): { host: HTMLElement, load: () => Promise<void> } {
  const { sha256 } = picture
  const { product, label } = splitExemplarLabel(picture.label)
  const image = element('img', { alt: `${product}: ${labelText(label)}` })
  const problem = element('p', { class: 'wrong', role: 'alert', hidden: true })
  const type = element('input', { type: 'text', pattern: labelPattern, hint: 'labelRule', list: desk.types, autocomplete: 'off', label: 'defectType' })
  const form = element('form', { hidden: true }, type, element('button', { type: 'submit', class: 'primary', text: 'saveWord' }))
  const send = (said: { product: string, label: string } | null): void => {
    desk.relabel(sha256, said).catch((error: unknown) => {
      problem.hidden = false
      problem.textContent = error instanceof Error ? error.message : String(error)
    })
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const given = type.value.trim()
    if (given !== '') send({ product, label: given })
  })
  const buttons = desk.mayCorrect()
    ? [
        ...(asks ? [button('isRight', 'good', () => { send({ product, label }) })] : []),
        ...(label === 'good' ? [] : [button('isGood', 'good', () => { send({ product, label: 'good' }) })]),
        button('isDefect', 'reject', () => {
          form.hidden = false
          type.focus()
        }),
        ...(label === removed ? [] : [button('letGo', 'not-inspected', () => { send(null) })])
      ]
    : []
  const save = button('save', 'save', () => { download(image.src, `${product}-${label}-${sha256.slice(0, 12)}.png`) })
  const host = element('li', { class: 'exemplar', 'data-sha256': sha256 },
    element('div', { class: 'exemplar-picture' }, image),
    element('p', { class: 'exemplar-label', 'data-verdict': label === 'good' ? 'good' : 'reject' }, icon(label === 'good' ? 'good' : 'reject'), element('strong', {}, labelText(label)), element('span', {}, product)),
    ...(next === undefined || next === picture.label ? [] : [element('p', { class: 'exemplar-next' }, nextText(next))]),
    element('p', { class: 'soft' }, whyText(picture)),
    ...(picture.snnl === null || namesSnnl(picture) ? [] : [element('p', { class: 'soft number' }, `SNNL ${picture.snnl.toFixed(2)}`)]),
    element('div', { class: 'exemplar-buttons' }, ...buttons, save), form, problem)
  return {
    host,
    load: async () => {
      image.src = URL.createObjectURL(await desk.picture(sha256))
    }
  }
}

/** Saves what has an address in this page. */
export function download (href: string, name: string): void {
  if (href !== '') element('a', { href, download: name.replace(/[^\p{L}\p{N}.-]+/gu, '_') }).click()
}

function labelText (label: string): string {
  return label === 'good' ? translate('good') : label === removed ? translate('nextGone') : label
}

function nextText (next: string): string {
  const { label } = splitExemplarLabel(next)
  return label === removed ? translate('nextGone') : translate('nextLabel', { label: labelText(label) })
}

const whys: Record<string, TextKey> = { 'by a person': 'byPerson', 'by the line': 'byLine' }

function whyText (picture: SheetPicture): string {
  const known = whys[picture.text]
  if (known !== undefined) return translate(known)
  return picture.code === undefined ? keptText(picture.text) : codedText(picture)
}

function button (label: TextKey, image: IconName, press: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button', class: `quiet card-${label}` }, icon(image), element('span', { text: label }))
  made.addEventListener('click', press)
  return made
}
