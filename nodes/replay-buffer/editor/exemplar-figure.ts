/** A picture of the contact sheet: what it is said to show, why it is there, and the buttons to correct it. */
import { splitExemplarLabel } from '../../../schemas/exemplar-label.ts'
import type { SheetPicture } from '../../../schemas/learning.ts'
import { namesSnnl } from '../../../viewer/update-texts.ts'
import type { Said, SheetRequests } from './sheet-requests.ts'
import { problemText, whyText, type SheetTexts } from './sheet-texts.ts'

export interface FigureDesk {
  requests: SheetRequests
  texts: SheetTexts
  /** Something was said of a picture: all is looked at anew. */
  changed: () => void
  /** Id of a list of the types that were named before. */
  types: string
}

/** What every part of the engine takes: at most 60 letters, no slash. The browser says so, rather than cutting what was typed. */
const labelPattern = '[^\\/]{1,60}'

/** As `removedLabel` of the engine. */
const removed = 'remove'

/** `asks`: it is to be looked at again. `next` is what was said of it since, `product/label`. */
export function exemplarFigure (picture: SheetPicture, { requests, texts, changed, types }: FigureDesk, { asks, next }: { asks: boolean, next: string | undefined }): HTMLElement {
  const { translate } = texts
  const { product, label } = splitExemplarLabel(picture.label)
  const isGoing = label === removed
  const problem = $('<p class="goodparts-sheet-problem" role="alert">').hide()
  const type = $<HTMLInputElement>('<input type="text" autocomplete="off">').attr({ pattern: labelPattern, list: types, title: translate('labelRule'), 'aria-label': translate('newLabel'), placeholder: translate('newLabel') })
  const send = (work: Promise<void>): void => {
    buttons.prop('disabled', true)
    problem.hide()
    work.then(changed, (error: unknown) => {
      problem.text(problemText(error, texts)).show()
      buttons.prop('disabled', false)
    })
  }
  const say = (said: Said): void => { send(requests.relabel(picture.sha256, said)) }
  const sayTyped = (): void => {
    const given = (type.val() ?? '').trim()
    if (given === '') type.trigger('focus')
    else say({ product, label: given })
  }
  const form = $('<div class="goodparts-sheet-label">').append(type, button('save', 'check', translate, sayTyped)).hide()
  type.on('keydown', ({ key }) => {
    // Nothing of the node's own form.
    if (key !== 'Enter') return
    sayTyped()
    return false
  })
  const figure = $('<figure class="goodparts-sheet-figure">').attr('data-sha256', picture.sha256).append(
    $('<img>').attr('alt', `${product}: ${label}`),
    $('<figcaption>').append($('<strong>').text(isGoing ? translate('nextGone') : label), ' ', $('<span>').text(product)),
    next === undefined || next === picture.label ? [] : $('<p class="goodparts-sheet-next">').text(nextText(next, texts)),
    $('<p class="goodparts-sheet-why">').text(whyText(picture, texts)),
    picture.snnl === null || namesSnnl(picture) ? [] : $('<p class="goodparts-sheet-why">').text(`SNNL ${picture.snnl.toFixed(2)}`),
    !requests.mayCorrect()
      ? []
      : $('<div class="goodparts-sheet-buttons">').append(
        asks ? button('right', 'thumbs-o-up', translate, () => { say({ product, label }) }) : [],
        button('relabel', 'pencil', translate, () => {
          form.toggle()
          if (form.is(':visible')) type.trigger('focus')
        }),
        isGoing ? [] : button('remove', 'trash-o', translate, () => { send(requests.remove(picture.sha256)) })),
    form, problem)
  const buttons = figure.find('button')
  return figure.get(0) as unknown as HTMLElement
}

/** @param key Of its text, and of its class. */
export function button (key: string, icon: string, translate: SheetTexts['translate'], press: () => void): JQuery {
  return $('<button type="button" class="red-ui-button red-ui-button-small">').addClass(`goodparts-sheet-${key}`).append($('<i class="fa" aria-hidden="true">').addClass(`fa-${icon}`), ' ', $('<span>').text(translate(key))).on('click', press)
}

function nextText (next: string, { translate }: SheetTexts): string {
  const { label } = splitExemplarLabel(next)
  return label === removed ? translate('nextGone') : translate('nextLabel', { label })
}
