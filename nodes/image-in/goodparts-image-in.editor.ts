import type { EditorNodeProperties, EditorRED } from 'node-red'
import { checksOf, wholeFrom } from '../shared/editor/reasons.ts'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  source: string
  folder: string
  colour: string
  capacity: string
}

const check = checksOf<Properties>('goodparts-image-in')

RED.nodes.registerType<Properties>('goodparts-image-in', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    source: { value: '' },
    folder: { value: '' },
    colour: { value: 'auto', required: true },
    capacity: { value: '16', validate: check('capacity', wholeFrom(1)) }
  },
  inputs: 1,
  outputs: 1,
  icon: 'goodparts-image-in.svg',
  label () { return this.name || 'image in' },
  paletteLabel: 'image in',
  labelStyle () { return this.name ? 'node_label_italic' : '' },
  inputLabels () { return this._('goodparts-image-in.port.picture') },
  outputLabels () { return this._('goodparts-image-in.port.frame') }
})
