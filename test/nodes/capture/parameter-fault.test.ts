import { expect, test } from 'vitest'
import { loadPipelines } from '../../../engine/capture/pipelines.ts'
import { parameterFault } from '../../../nodes/capture/parameter-fault.ts'

const definition = (id: string): Parameters<typeof parameterFault>[0] => loadPipelines().find((each) => each.id === id)!

test('finds what the run would refuse in the form of a pipeline, and nothing else', () => {
  expect(parameterFault(definition('sample-line'), {})).toBeNull()
  expect(parameterFault(definition('sample-line'), { rate: 'fast', learn: '1.5' })).toMatch(/learn to be a whole number/)
  expect(parameterFault(definition('sample-line'), { rate: 'fast', learn: '1.5' })).toMatch(/rate to be a number from 0.01 to 1000/)
  expect(parameterFault(definition('rtsp-camera'), {})).toMatch(/to be given/)
  expect(parameterFault(definition('rtsp-camera'), { address: 'ftp://camera' })).toMatch(/address.*rtsp/)
  expect(parameterFault(definition('rtsp-camera'), { address: ['$', '{CAMERA}'].join(''), folder: 'of another pipeline' })).toBeNull()
})
