import type { EditorNodeProperties, EditorRED } from 'node-red'
import { checksOf, wholeFrom } from '../shared/editor/reasons.ts'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  content: string
  format: string
  quality: string
  capacity: string
}

const check = checksOf<Properties>('goodparts-image-out')

RED.nodes.registerType<Properties>('goodparts-image-out', {
  category: 'Goodparts',
  color: '#C7E9C0',
  defaults: {
    name: { value: '' },
    content: { value: 'frame', required: true },
    format: { value: 'jpeg', required: true },
    quality: { value: '85', validate: check('quality', wholeFrom(1, 100)) },
    capacity: { value: '16', validate: check('capacity', wholeFrom(1)) }
  },
  inputs: 1,
  outputs: 1,
  icon: 'goodparts-image-out.svg',
  label () { return this.name || 'image out' },
  paletteLabel: 'image out',
  labelStyle () { return this.name ? 'node_label_italic' : '' },
  inputLabels () { return this._('goodparts-image-out.port.frame') },
  outputLabels () { return this._('goodparts-image-out.port.picture') },
  oneditprepare () {
    const showQuality = (): void => { $('.goodparts-image-out-quality').toggle($('#node-input-format').val() === 'jpeg') }
    $('#node-input-format').on('change', showQuality)
    showQuality()
  }
})
