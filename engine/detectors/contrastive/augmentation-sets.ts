/** What the choice of augmentations tries for a contrastive detector, and what comes of it. */
import { nuisanceNames } from '../../training/augment/nuisances.ts'
import type { NuisanceName } from '../../training/augment/nuisances.ts'
import type { ShiftName } from '../augmentation-selection/checks.ts'
import type { AugmentationRequest, AugmentationSet } from '../augmentation-selection/select.ts'
import type { FillName } from '../defect-fills.ts'
import type { ContrastiveOptions } from './options.ts'

/** Where nothing varies among good parts, two views of one crop must differ by something. */
const leastOfViews: readonly NuisanceName[] = ['shift']

/** What it takes for something else. */
export function shiftsOf ({ method, pasted }: Pick<ContrastiveOptions, 'method' | 'pasted'>): ShiftName[] {
  if (method === 'cutpaste') return pasted === 'both' ? ['paste', 'scar'] : [pasted]
  return method === 'csi' ? ['turns'] : []
}

/** Large pieces and scars alike are pasted from the part itself. */
export function pastedInTraining ({ method }: Pick<ContrastiveOptions, 'method'>): FillName[] {
  return method === 'cutpaste' ? ['paste'] : []
}

export function selectionOf (options: ContrastiveOptions): Pick<AugmentationRequest, 'patch' | 'nuisances' | 'shifts' | 'sets' | 'trainedOperators'> {
  const { method, patch } = options
  if (method === 'cutpaste') {
    const shifts = shiftsOf(options)
    return {
      patch,
      // Crops are taken at every place anyway.
      nuisances: nuisanceNames.filter((name) => name !== 'shift'),
      shifts,
      // Pieces that a frozen network hardly sees may still teach the encoder what drawn defects reward: all of them stay in the running.
      sets: ({ nuisances, shifts: seen }) => [{ nuisances, shifts }, { nuisances: [], shifts }, ...(seen.length === 0 ? [] : [{ nuisances, shifts: seen }])],
      trainedOperators: pastedInTraining(options)
    }
  }
  return {
    patch,
    nuisances: nuisanceNames,
    shifts: shiftsOf(options),
    sets: ({ nuisances, shifts }) => {
      const views = nuisances.length === 0 ? leastOfViews : nuisances
      // A turn is either something else or the same, never both.
      return [...(shifts.length === 0 ? [] : [{ nuisances: views.filter((name) => name !== 'turn'), shifts }]), { nuisances: views, shifts: [] }]
    },
    trainedOperators: pastedInTraining(options)
  }
}

/** Without turns as something else, CSI is SimCLR. */
export function withSet ({ method, pasted }: ContrastiveOptions, { shifts }: AugmentationSet): Pick<ContrastiveOptions, 'method' | 'pasted'> {
  if (method === 'cutpaste') return { method, pasted: shifts.includes('paste') && shifts.includes('scar') ? 'both' : shifts.includes('scar') ? 'scar' : shifts.includes('paste') ? 'paste' : pasted }
  return { method: method === 'csi' && shifts.length === 0 ? 'simclr' : method, pasted }
}
