import type { EditorNodeProperties, EditorRED } from 'node-red'

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

/** A site's value from the environment stays as it is written. */
const isVariable = (value: string): boolean => value.startsWith('${')
const isWholeFrom = (least: number) => (value: string): boolean => isVariable(value) || (value !== '' && Number.isInteger(Number(value)) && Number(value) >= least)

const isTiles = (value: string): boolean => value === '' || value === 'auto' || isVariable(value) || /^[1-8]x[1-8]$/.test(value)
/** What is wrong in a list is said by the node itself. */
function isList (text: string): boolean {
  try {
    return text.trim() === '' || isVariable(text) || Array.isArray(JSON.parse(text))
  } catch {
    return false
  }
}

/** Families that read no layers of a network from elsewhere. */
const withoutScale = new Set(['template-difference', 'reconstruction', 'contrastive'])
/** Families that have one speed, whatever is asked for. */
const withoutRate = new Set(['reconstruction', 'contrastive'])

RED.nodes.registerType<Properties>('goodparts-fit', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    model: { value: '', type: 'goodparts-model', required: true },
    bundle: { value: '' },
    detector: { value: 'patch-memory', required: true },
    count: { value: '60', required: true, validate: isWholeFrom(20) },
    interval: { value: '', validate: (value: string) => value === '' || isVariable(value) || Number(value) >= 0 },
    begin: { value: 'no-bundle', required: true },
    scale: { value: 'auto', required: true },
    size: { value: '', validate: (value: string) => value === '' || isWholeFrom(32)(value) },
    rate: { value: '', validate: (value: string) => value === '' || isVariable(value) || Number(value) >= 0 },
    tiles: { value: '', validate: isTiles },
    overlap: { value: '', validate: (value: string) => value === '' || isVariable(value) || (Number(value) >= 0 && Number(value) <= 0.5) },
    regions: { value: '', validate: isList },
    seed: { value: '0', required: true, validate: isWholeFrom(0) }
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
    }
    $('#node-input-detector').on('change', show)
    show()
  },
  outputLabels (index) { return this._(index === 0 ? 'goodparts-fit.port.bundle' : 'goodparts-fit.port.progress') }
})
