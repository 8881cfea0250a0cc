/** Every operator that can be differentiated, in one table. A new one is a line in its family's file. */
import { averagePoolGradients } from './average-pool.ts'
import { activationGradients } from './activation.ts'
import { arithmeticGradients } from './arithmetic.ts'
import { convolutionGradients } from './convolution.ts'
import { layoutGradients } from './layout.ts'
import { matrixGradients } from './matrix.ts'
import { reductionGradients } from './reduction.ts'
import { maxPoolGradients } from './max-pool.ts'
import { normalisationGradients } from './normalisation.ts'
import type { GradientRules } from './rule.ts'
import { resizeGradients } from './resize.ts'
import { scatterGradients } from './scatter.ts'

export const gradientRules: GradientRules = {
  ...arithmeticGradients,
  ...activationGradients,
  ...convolutionGradients,
  ...averagePoolGradients,
  ...maxPoolGradients,
  ...resizeGradients,
  ...matrixGradients,
  ...reductionGradients,
  ...layoutGradients,
  ...scatterGradients,
  ...normalisationGradients
}
