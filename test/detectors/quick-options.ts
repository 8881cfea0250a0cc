import type { JsonValue } from '../../schemas/bundle.ts'

/** A row for every family: options with which a fit of small pictures takes about a second. */
export const quickOptions: Record<string, Record<string, JsonValue>> = {
  'patch-memory': { scale: 'fine', size: 96, bankSize: 200, normalisation: 'backbone', whitening: true },
  density: { scale: 'fine', size: 96, channels: 24 },
  'template-difference': { variants: 1 },
  classifier: { scale: 'fine', size: 96, penalty: 0.01, classes: 'defect' },
  discriminative: { scale: 'fine', size: 96, normalisation: 'backbone', components: 24, bankSize: 200, hidden: 16, drawings: 2, steps: 60, learningRate: 0.01 },
  reconstruction: { size: 64, loss: 'l2', width: 8, bottleneck: 8, batch: 2, steps: 180, learningRate: 0.02, mapSigma: 0.7 },
  distillation: { scale: 'fine', size: 64, components: 32, width: 8, bottleneck: 8, batch: 2, steps: 100, learningRate: 0.01, mapSigma: 1 },
  contrastive: { method: 'cutpaste', size: 128, patch: 32, width: 6, bankSize: 300, batch: 6, steps: 100, learningRate: 0.005, mapSigma: 1 }
}
