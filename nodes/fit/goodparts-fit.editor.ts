import type { EditorNodeProperties, EditorRED } from 'node-red'
import { checksOf, multipleOf, numberFrom, orNothing, wholeFrom, type Expectation } from '../shared/editor/reasons.ts'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  model: string
  bundle: string
  detector: string
  count: string
  interval: string
  begin: string
  scale: string
  size: string
  rate: string
  tiles: string
  overlap: string
  regions: string
  seed: string
}

type Choice = Pick<Properties, 'detector' | 'scale'>

const check = checksOf<Properties>('goodparts-fit')

/** What is wrong in a list is said by the node itself. */
function isList (text: string): boolean {
  try {
    return text === '' || Array.isArray(JSON.parse(text))
  } catch {
    return false
  }
}

/** Families that read no layers of a network from elsewhere. */
const withoutScale = new Set(['template-difference', 'reconstruction', 'contrastive'])
/** Families that have one speed, whatever is asked for. */
const withoutRate = new Set(['reconstruction', 'contrastive'])
const anything: Expectation = { holds: () => true, text: '' }

/** Of the node whose form is open. */
let opened: string | undefined

/** What is chosen, in an open form before it is saved. */
function chosen (node: Choice & { id?: string }): Choice {
  return opened === undefined || node.id !== opened ? node : { detector: String($('#node-input-detector').val()), scale: String($('#node-input-scale').val()) }
}

/** As the families themselves take it. */
function sizeFor ({ detector, scale }: Choice): Expectation {
  switch (detector) {
    case 'contrastive': return multipleOf(8, 32, 2048)
    case 'distillation': return multipleOf(32, 64, 1024)
    case 'reconstruction': return multipleOf(16, 32, 1024)
    case 'template-difference': case 'auto': return wholeFrom(32, 2048)
    default: return multipleOf(scale === 'fine' ? 8 : 16, 32, 2048)
  }
}

function close (): void {
  opened = undefined
}

RED.nodes.registerType<Properties>('goodparts-fit', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    model: { value: '', type: 'goodparts-model', required: true },
    bundle: { value: '' },
    detector: { value: 'patch-memory', required: true },
    count: { value: '60', validate: check('count', wholeFrom(20)) },
    interval: { value: '', validate: check('interval', orNothing(numberFrom(0))) },
    begin: { value: 'no-bundle', required: true },
    scale: { value: 'auto', required: true },
    size: { value: '', validate: check('size', (node) => orNothing(sizeFor(chosen(node)))) },
    rate: { value: '', validate: check('rate', (node) => withoutRate.has(chosen(node).detector) ? anything : orNothing(numberFrom(0, 100_000))) },
    tiles: { value: '', validate: check('tiles', { holds: (value) => value === '' || value === 'auto' || /^[1-8]x[1-8]$/.test(value), text: 'tiles' }) },
    overlap: { value: '', validate: check('overlap', orNothing(numberFrom(0, 0.5))) },
    regions: { value: '', validate: check('regions', { holds: isList, text: 'regions' }) },
    seed: { value: '0', validate: check('seed', wholeFrom(0)) }
  },
  inputs: 1,
  outputs: 2,
  icon: 'goodparts-fit.svg',
  paletteLabel: 'fit',
  label () { return this.name || 'fit' },
  labelStyle () { return this.name ? 'node_label_italic' : '' },
  inputLabels () { return this._('goodparts-fit.port.frame') },
  oneditprepare () {
    const show = (): void => {
      const family = String($('#node-input-detector').val())
      $('#goodparts-fit-advice').text(this._(`goodparts-fit.advice.${family}`))
      $('#goodparts-fit-scale').toggle(!withoutScale.has(family))
      $('#goodparts-fit-rate').toggle(!withoutRate.has(family))
      // What they may hold hangs on the choice.
      $('#node-input-size, #node-input-rate').trigger('change')
    }
    opened = this.id
    $('#node-input-detector, #node-input-scale').on('change', show)
    show()
  },
  oneditsave: close,
  oneditcancel: close,
  oneditdelete: close,
  outputLabels (index) { return this._(index === 0 ? 'goodparts-fit.port.bundle' : 'goodparts-fit.port.progress') }
})
