/** The form in the editor and the node that is deployed read the same. */
import { expect, test } from 'vitest'
import { fittable } from '../../../engine/detectors/registry.ts'
import { readFitForm, type FitForm } from '../../../nodes/fit/settings.ts'
import { editorDefinitions } from '../../flows/editor-definitions.ts'
import { editorTexts } from '../../flows/editor-texts.ts'

const form: FitForm = { bundle: 'a', detector: 'patch-memory', count: '60', interval: '', begin: 'no-bundle', scale: 'auto', size: '', rate: '', tiles: '', overlap: '', regions: '', seed: '0' }
const { defaults } = editorDefinitions().get('goodparts-fit')!

function deploys (changes: Partial<FitForm>): boolean {
  try {
    readFitForm({ ...form, ...changes }, 'id', '/user', null)
    return true
  } catch {
    return false
  }
}

function checked (name: string, value: string, { language, ...chosen }: { detector?: string, scale?: string, language?: 'ko' } = {}): unknown {
  const { validate } = defaults[name]!
  // Of a function of one argument Node-RED takes no reason.
  expect(validate).toHaveLength(2)
  return validate!.call({ detector: 'patch-memory', scale: 'auto', ...chosen, _: editorTexts('fit', language) }, value, {})
}

test.each([
  ['count', '20'], ['count', '19'], ['count', '60.5'], ['count', ''], ['interval', ''], ['interval', '0.5'], ['interval', '-1'], ['interval', 'Infinity'],
  ['size', ''], ['size', '48'], ['size', '32'], ['size', '31'], ['size', '2048'], ['size', '2049'], ['size', '64.5'], ['rate', ''], ['rate', '0'], ['rate', '100000'], ['rate', '100001'], ['rate', 'fast'],
  ['tiles', ''], ['tiles', 'auto'], ['tiles', '3x2'], ['tiles', '9x1'], ['tiles', '3'], ['overlap', ''], ['overlap', '0.5'], ['overlap', '0.51'], ['regions', ''], ['regions', '[]'], ['regions', '{}'], ['seed', '0'], ['seed', '-1'], ['seed', '']
] as const)('%s %j', (name, value) => {
  expect(checked(name, value) === true).toBe(deploys({ [name]: value }))
})

test.each(fittable.map(({ family }) => family).filter((family) => family !== 'classifier'))('sizes and rates of %s', (detector) => {
  for (const scale of ['auto', 'fine', 'standard']) {
    for (const size of ['32', '40', '64', '100', '128', '1000', '1024', '2048', '2049', '4096']) expect({ scale, size, fits: checked('size', size, { detector, scale }) === true }).toEqual({ scale, size, fits: deploys({ detector, scale, size }) })
  }
  for (const rate of ['25', '100001']) expect({ rate, fits: checked('rate', rate, { detector }) === true }).toEqual({ rate, fits: deploys({ detector, rate }) })
})

test('the editor says why a value is wrong, in both languages', () => {
  expect(checked('size', '4096')).toBe('Input size: expected a multiple of 16 from 32 to 2048')
  expect(checked('size', '100', { detector: 'distillation' })).toBe('Input size: expected a multiple of 32 from 64 to 1024')
  expect(checked('rate', '200000', { language: 'ko' })).toBe('프레임 속도: 0부터 100000까지의 숫자여야 합니다')
  expect(checked('count', '5')).toBe('Good frames: expected a whole number from 20')
  expect(checked('interval', '-1')).toBe('Seconds between: expected a number from 0')
  for (const [name, value] of [['tiles', '9x9'], ['regions', 'x'], ['overlap', '1'], ['seed', 'x']] as const) expect(checked(name, value, { language: 'ko' })).toMatch(/합니다/)
})
