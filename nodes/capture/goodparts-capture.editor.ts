import type { EditorNodeInstance, EditorNodeProperties, EditorRED } from 'node-red'
import type { PipelineDefinition, PipelineParameter } from '../../schemas/pipeline.ts'
import { isVariable, parameterFault } from './parameter-fault.ts'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  pipeline: string
  parameters: Record<string, unknown>
  source: string
  width: string
  height: string
  channels: string
  maximumRate: string
  cropLeft: string
  cropTop: string
  cropRight: string
  cropBottom: string
  policy: string
  triggered: boolean
  watchdog: string
  endOfStream: string
  autostart: boolean
}

interface Credentials { user: string, password: string }

type Translate = (key: string) => string

const inputId = (name: string): string => `goodparts-capture-parameter-${name}`

const wholeOrEmpty = (value: string): boolean => value === '' || isVariable(value) || (Number.isInteger(Number(value)) && Number(value) >= 0)

let definitions: PipelineDefinition[] = []

/** Translations are by name; a pipeline that has none shows its own words. */
function translated (key: string, otherwise: string, translate: Translate): string {
  const text = translate(`goodparts-capture.${key}`)
  return text === `goodparts-capture.${key}` ? otherwise : text
}

function inputFor (parameter: PipelineParameter, value: unknown): JQuery {
  const text = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
  if (parameter.type === 'choice') {
    return $('<select>').append((parameter.choices ?? []).map((choice) => $('<option>').val(choice).text(choice))).val(text)
  }
  if (parameter.type === 'boolean') return $('<input type="checkbox" style="width: auto">').prop('checked', text === 'true')
  if (parameter.type === 'launch') return $('<textarea rows="4" style="width: 70%; font-family: monospace" spellcheck="false">').val(text)
  return $('<input type="text">').val(text)
}

/** Node-RED shows the text as the reason. Until the definitions are there nothing is refused; every node is looked at again then. */
function checkParameters (this: Pick<Properties, 'pipeline'>, values: Record<string, unknown> | undefined): boolean | string {
  const definition = definitions.find(({ id }) => id === this.pipeline)
  return definition === undefined ? true : parameterFault(definition, values ?? {}) ?? true
}

/** A field is marked while it is written, as those of the other properties are. */
function mark (input: JQuery, definition: PipelineDefinition, parameter: PipelineParameter): void {
  const value = parameter.type === 'boolean' ? input.is(':checked') : input.val()
  input.toggleClass('input-error', parameterFault({ ...definition, parameters: [parameter] }, { [parameter.name]: value }) !== null)
}

function rowFor (parameter: PipelineParameter, value: unknown, translate: Translate): JQuery {
  const id = inputId(parameter.name)
  const input = inputFor(parameter, value).attr('id', id)
  if (parameter.help !== undefined) {
    const help = translated(`help.${parameter.name}`, parameter.help, translate)
    input.attr({ title: help, placeholder: help })
  }
  return $('<div class="form-row">').append($('<label>').attr('for', id).text(translated(`parameter.${parameter.name}`, parameter.label, translate)), ' ', input)
}

/** The present values of the form; a field that was left at its default is kept as well, so that a later default changes nothing. */
function readForm (definition: PipelineDefinition): Record<string, unknown> {
  const values = definition.parameters.filter(({ type }) => type !== 'secret').map((parameter): [string, unknown] => {
    const input = $(`#${inputId(parameter.name)}`)
    return [parameter.name, parameter.type === 'boolean' ? input.is(':checked') : input.val()]
  })
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}

function showPipeline (id: string, values: Record<string, unknown>, translate: Translate): void {
  const definition = definitions.find((candidate) => candidate.id === id)
  const form = $('#goodparts-capture-parameters').empty()
  if (definition === undefined) return
  const secret = definition.parameters.some(({ type }) => type === 'secret')
  $('.goodparts-capture-secret').toggle(secret)
  for (const parameter of definition.parameters) {
    if (parameter.type === 'secret') continue
    form.append(rowFor(parameter, Object.hasOwn(values, parameter.name) ? values[parameter.name] : parameter.default, translate))
    const input = $(`#${inputId(parameter.name)}`).on('input change', () => { mark(input, definition, parameter) })
    mark(input, definition, parameter)
  }
  $('#goodparts-capture-description').text(translated(`description.${id}`, definition.description, translate))
}

async function loadDefinitions (): Promise<void> {
  if (definitions.length === 0) definitions = await $.getJSON('goodparts/capture/pipelines') as PipelineDefinition[]
}

function prepare (node: EditorNodeInstance<Properties>): void {
  const translate: Translate = (key) => node._(key)
  const chosen = $('#node-input-pipeline')
  const fill = (): void => {
    chosen.empty().append(definitions.map(({ id, name }) => $('<option>').val(id).text(translated(`pipeline.${id}`, name, translate)))).val(node.pipeline)
    showPipeline(node.pipeline, node.parameters, translate)
    chosen.on('change', () => { showPipeline(String(chosen.val()), node.parameters, translate) })
  }
  loadDefinitions().then(fill, () => { $('#goodparts-capture-description').text(translate('goodparts-capture.error.definitions')) })
}

RED.nodes.registerType<Properties, Credentials>('goodparts-capture', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    source: { value: '', validate (value: string) { return `${value}${value === '' ? this.name : ''}`.trim() !== '' } },
    pipeline: { value: 'sample-line', required: true },
    // A second argument tells Node-RED that a text is a reason; its types know of truth alone.
    parameters: { value: {}, validate: function (this: Properties, value: Record<string, unknown> | undefined, _options: unknown) { return checkParameters.call(this, value) } as unknown as (value: string) => boolean },
    width: { value: '', validate: wholeOrEmpty },
    height: { value: '', validate: wholeOrEmpty },
    channels: { value: '3', required: true },
    maximumRate: { value: '', validate: wholeOrEmpty },
    cropLeft: { value: '', validate: wholeOrEmpty },
    cropTop: { value: '', validate: wholeOrEmpty },
    cropRight: { value: '', validate: wholeOrEmpty },
    cropBottom: { value: '', validate: wholeOrEmpty },
    policy: { value: 'auto', required: true },
    triggered: { value: false },
    watchdog: { value: '5', required: true, validate: (value: string) => isVariable(value) || (value !== '' && Number(value) >= 0) },
    endOfStream: { value: 'auto', required: true },
    autostart: { value: true }
  },
  credentials: {
    user: { type: 'text' },
    password: { type: 'password' }
  },
  inputs: 1,
  outputs: 2,
  icon: 'goodparts-capture.svg',
  paletteLabel: 'capture',
  label () { return this.name || this.source || this.pipeline },
  labelStyle () { return this.name ? 'node_label_italic' : '' },
  inputLabels () { return this._('goodparts-capture.port.command') },
  outputLabels (index) { return this._(index === 0 ? 'goodparts-capture.port.frame' : 'goodparts-capture.port.event') },
  oneditprepare () { prepare(this) },
  oneditsave () {
    const definition = definitions.find(({ id }) => id === $('#node-input-pipeline').val())
    if (definition !== undefined) this.parameters = readForm(definition)
  }
})

loadDefinitions().then(() => {
  RED.nodes.eachNode((node) => {
    if ('type' in node && node.type === 'goodparts-capture') RED.editor.validateNode(node)
    return true
  })
  RED.view.redraw()
}, () => undefined)
