/** Asks for the token of a server that wants one. */
import { element } from './element.ts'

export class TokenDialog {
  readonly dialog: HTMLDialogElement
  readonly #input = element('input', { type: 'password', id: 'token', autocomplete: 'current-password', required: true })
  readonly #wrong = element('p', { class: 'wrong', text: 'tokenWrong', role: 'alert', hidden: true })
  readonly #remember = element('input', { type: 'checkbox', id: 'remember' })

  constructor (use: (token: string, remember: boolean) => void) {
    const form = element('form', { method: 'dialog' },
      element('h2', { text: 'tokenTitle' }),
      element('p', { text: 'tokenText' }),
      this.#wrong,
      element('label', { for: 'token', class: 'hidden', text: 'tokenTitle' }),
      element('input', { type: 'text', autocomplete: 'username', value: 'goodparts', hidden: true }),
      this.#input,
      element('label', { class: 'check' }, this.#remember, element('span', { text: 'tokenRemember' })),
      element('button', { class: 'primary', text: 'open' }))
    form.addEventListener('submit', () => { use(this.#input.value.trim(), this.#remember.checked) })
    this.dialog = element('dialog', { class: 'token-dialog' }, form)
    // There is nothing behind it to go back to.
    this.dialog.addEventListener('cancel', (event) => { event.preventDefault() })
  }

  open (wrong: boolean): void {
    this.#wrong.hidden = !wrong
    this.#input.value = ''
    if (!this.dialog.open) this.dialog.showModal()
    this.#input.focus()
  }
}
