/** Builds elements. `text` names a text of `texts.ts`, which follows the language. */
import { translate, type TextKey } from './texts.ts'

export interface Attributes {
  [name: string]: string | boolean | undefined
  text?: TextKey
  label?: TextKey
  /** Shown while the pointer rests on it. */
  hint?: TextKey
}

export function element<Tag extends keyof HTMLElementTagNameMap> (tag: Tag, attributes: Attributes = {}, ...children: Array<Node | string>): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    if (name === 'text') made.dataset.text = String(value)
    else if (name === 'label' || name === 'hint') made.dataset[name] = String(value)
    else made.setAttribute(name, value === true ? '' : value)
  }
  made.append(...children)
  translateElement(made)
  return made
}

/** Puts every named text under `root` into the language of now. */
export function translateTree (root: HTMLElement): void {
  for (const found of root.querySelectorAll<HTMLElement>('[data-text], [data-label], [data-hint]')) translateElement(found)
}

function translateElement (target: HTMLElement): void {
  const { text, label, hint } = target.dataset
  if (text !== undefined) target.textContent = translate(text as TextKey)
  if (label !== undefined) {
    target.setAttribute('aria-label', translate(label as TextKey))
    target.title = translate(label as TextKey)
  }
  if (hint !== undefined) target.title = translate(hint as TextKey)
}
