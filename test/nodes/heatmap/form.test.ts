/** The form in the editor and the node that is deployed read the same. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { explainers } from '../../../engine/explain/registry.ts'
import { readHeatmapForm, type HeatmapForm } from '../../../nodes/heatmap/settings.ts'
import { editorDefinitions } from '../../flows/editor-definitions.ts'
import { editorTexts } from '../../flows/editor-texts.ts'

const form: HeatmapForm = { explainGood: false, explainReview: true, explainReject: true, opacity: '0.6', quality: '85', capacity: '8', model: '', methods: '', budget: '3000', judge: true, zones: '' }
const { defaults } = editorDefinitions().get('goodparts-heatmap')!

function deploys (changes: Partial<HeatmapForm>): boolean {
  try {
    readHeatmapForm({ ...form, ...changes })
    return true
  } catch {
    return false
  }
}

function checked (name: string, value: string, language?: 'ko'): unknown {
  const { validate } = defaults[name]!
  // Of a function of one argument Node-RED takes no reason.
  expect(validate).toHaveLength(2)
  return validate!.call({ _: editorTexts('heatmap', language) }, value, {})
}

test('the editor says why a value is wrong, in both languages', () => {
  expect(checked('budget', '99999')).toBe('Time: expected a number from 1 to 60000')
  expect(checked('budget', '99999', 'ko')).toBe('시간: 1부터 60000까지의 숫자여야 합니다')
  expect(checked('capacity', '')).toBe('Queue: expected a whole number from 1 to 1000')
  expect(checked('zones', 'rim')).toBe('Zones: expected a JSON list, as [{"name": "rim", "box": [0, 0, 640, 80]}], each with a name and a width and a height above 0')
})

test.each([
  ['budget', '', true], ['budget', '1', true], ['budget', '60000', true], ['budget', '60001', false], ['budget', '0.5', false], ['budget', '-5', false], ['budget', 'soon', false],
  ['zones', '', true], ['zones', ' ', true], ['zones', '[]', true], ['zones', '[{"name": "rim", "box": [0, 0, 64, 8]}]', true],
  ['zones', '[1]', false], ['zones', '[null]', false], ['zones', '[{"name": "rim", "box": [0, 0, 64]}]', false], ['zones', '[{"box": [0, 0, 64, 8]}]', false], ['zones', '[{"name": "", "box": [0, 0, 64, 8]}]', false], ['zones', '[{"name": " ", "box": [0, 0, 64, 8]}]', false], ['zones', '[{"name": "rim", "box": [0, 0, 0, 0]}]', false], ['zones', '[{"name": "rim", "box": [0, 0, 64, 0]}]', false], ['zones', '[{"name": "rim", "box": [0, 0, 64, -8]}]', false],
  ['zones', '[{"name": "rim", "box": [-8, -8, 64, 8]}]', true], ['zones', '[{"name": "rim", "box": [0, 0, 64, "8"]}]', false], ['zones', '{}', false], ['zones', 'rim', false],
  ['quality', '85', true], ['quality', '85.5', false], ['quality', '0', false], ['quality', '101', false],
  ['capacity', '1000', true], ['capacity', '1001', false], ['capacity', '0', false],
  ['opacity', '0', true], ['opacity', '1', true], ['opacity', '1.1', false], ['opacity', '', false]
] as const)('%s %j: %s', (name, value, fits) => {
  expect({ editor: checked(name, value) === true, node: deploys({ [name]: value }) }).toEqual({ editor: fits, node: fits })
})

test.each([
  ['', '', true], ['', 'm1', true], ['', 'broken', 'Model: expected a model that is there and set up'], ['', 'gone', 'Model: expected a model that is there and set up'],
  ['layer-cam', 'm1', true], ['layer-cam', '', 'Model: expected the model of the score node, which Also by asks'], ['layer-cam', 'gone', 'Model: expected the model of the score node, which Also by asks']
])('also by %j, model %j: %s', (methods, model, said) => {
  const models = new Map([['m1', { valid: true }], ['broken', { valid: false }]])
  const { model: field } = editorDefinitions(undefined, (id) => models.get(id) ?? null).get('goodparts-heatmap')!.defaults

  expect(field!.validate!.call({ id: 'heat', methods, _: editorTexts('heatmap') }, model, {})).toBe(said)
})

test('the editor goes by what is chosen in the open form, until that is closed', () => {
  let chosen = 'layer-cam'
  const { defaults: { model }, oneditprepare, oneditcancel } = editorDefinitions(() => ({ typedInput: () => { /* shows the choice */ }, val: () => chosen })).get('goodparts-heatmap')!
  const node = { id: 'heat', methods: '', _: editorTexts('heatmap') }
  // As the editor's own list of configuration nodes has none.
  const fits = (): boolean => model!.validate!.call(node, '_ADD_', {}) === true

  oneditprepare!.call(node)
  expect(fits()).toBe(false)
  chosen = ''
  expect(fits()).toBe(true)
  chosen = 'layer-cam'
  oneditcancel!.call(node)
  expect(fits()).toBe(true)
})

test('the editor offers every method but the detector\'s map, which the first output has', () => {
  const offered: Array<{ types: Array<{ options: Array<{ value: string, label: string }> }> }> = []
  const typedInput = (options: typeof offered[number]): void => { offered.push(options) }
  editorDefinitions(() => ({ typedInput })).get('goodparts-heatmap')!.oneditprepare!.call({})

  expect(offered.flatMap(({ types }) => types.flatMap(({ options }) => options.map(({ value }) => value)))).toEqual(explainers.map(({ method }) => method).filter((method) => method !== 'anomaly-map'))
})

test('an empty Time is the one that the field shows', () => {
  const html = readFileSync(join(import.meta.dirname, '..', '..', '..', 'nodes', 'heatmap', 'goodparts-heatmap.html'), 'utf8')
  const [, shown] = /id="node-input-budget"[^>]*placeholder="(\d+)"/.exec(html)!

  expect(readHeatmapForm({ ...form, budget: '' }).budget).toBe(Number(shown))
})
