import type { EditorNodeProperties, EditorRED } from 'node-red'

declare const RED: EditorRED

interface Properties extends EditorNodeProperties {
  bundle: string
  device: string
  workers: string
  reviewRate: string
  rejectRate: string
}

/** A site's value from the environment stays as it is written. */
const isVariable = (value: string): boolean => value.startsWith('${')
const isPercent = (value: string): boolean => isVariable(value) || (Number(value) > 0 && Number(value) < 100)

RED.nodes.registerType<Properties>('goodparts-model', {
  category: 'config',
  defaults: {
    name: { value: '' },
    bundle: { value: 'line-1.onnx', required: true },
    device: { value: 'auto', required: true },
    workers: { value: 'auto', required: true, validate: (value: string) => value === 'auto' || isVariable(value) || (Number.isInteger(Number(value)) && Number(value) >= 1) },
    reviewRate: { value: '5', required: true, validate: isPercent },
    rejectRate: { value: '0.5', required: true, validate: isPercent }
  },
  label () { return this.name || this.bundle }
})
