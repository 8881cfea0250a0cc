/** What the fields of a form may hold, and the reason for anything else, which the editor shows on the field and in its list of wrong nodes. */

export interface Expectation {
  /** Of the value without space around it; nothing is an empty one. */
  holds: (value: string) => boolean
  /** The node says so by its text `<type>.expected.<text>`. */
  text: string
  values?: Record<string, number>
}

interface Limits { least?: number, most?: number, step?: number }

type Translate = (key: string, values?: Record<string, number>) => string

/** A site's value from the environment stays as it is written. */
const isVariable = (value: string): boolean => value.startsWith('${')

export function numberFrom (least: number, most?: number): Expectation {
  return within('number', { least, ...most === undefined ? {} : { most } }, Number.isFinite)
}

export function wholeFrom (least: number, most?: number): Expectation {
  return within('whole', { least, ...most === undefined ? {} : { most } }, Number.isSafeInteger)
}

export function multipleOf (step: number, least: number, most: number): Expectation {
  return within('multiple', { step, least, most }, (value) => value % step === 0)
}

/** Also nothing. */
export function orNothing ({ holds, ...expectation }: Expectation): Expectation {
  return { ...expectation, holds: (value) => value === '' || holds(value) }
}

function within (kind: string, { least = 0, most = Infinity, step }: Limits, fits: (value: number) => boolean): Expectation {
  const holds = (text: string): boolean => text !== '' && fits(Number(text)) && Number(text) >= least && Number(text) <= most
  return { holds, text: most === Infinity ? `${kind}From` : kind, values: { least, ...most === Infinity ? {} : { most }, ...step === undefined ? {} : { step } } }
}

/** Makes the checks of a node's form; what is expected may hang on its other fields. `<type>.label.<field>` names the field. */
export function checksOf<Properties> (type: string): (field: string & keyof Properties, expected: Expectation | ((node: Properties) => Expectation)) => (value: string) => boolean {
  return (field, expected) => {
    // Only of a function of two arguments does Node-RED take a text, as the reason; its types know of truth alone.
    const check = function (this: Properties & { _: Translate }, value: string | number | null | undefined, _options: unknown): boolean | string {
      const given = value === undefined || value === null ? '' : String(value).trim()
      const { holds, text, values } = typeof expected === 'function' ? expected(this) : expected
      return isVariable(given) || holds(given) || `${this._(`${type}.label.${field}`)}: ${this._(`${type}.expected.${text}`, values)}`
    }
    return check as unknown as (value: string) => boolean
  }
}
