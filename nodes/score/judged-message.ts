/** What a score node reads from a message, and says of a part and of its limits. Pure. */
import type { NodeMessage, NodeMessageInFlow } from 'node-red'
import type { Decision } from '../../engine/decision/decision.ts'
import type { Inspection, PartContext } from '../../engine/decision/inspector.ts'
import { readProductName } from '../../engine/label-text.ts'
import type { JsonValue } from '../../schemas/bundle.ts'
import type { Verdict } from '../../schemas/inspection.ts'

const outputs: readonly Verdict[] = ['good', 'review', 'reject', 'not-inspected']

export interface Message extends NodeMessageInFlow { frame?: unknown, partId?: unknown, product?: unknown, anomalyMap?: unknown }

/** What the message says of its part; what is no text, or empty, is not known. @throws GOODPARTS_ARGUMENT for a product with a slash */
export function partOf ({ partId, product }: Message): PartContext {
  return { partId: typeof partId === 'string' ? partId : null, product: typeof product === 'string' && product.trim() !== '' ? readProductName(product, 'msg.product') : null }
}

/** `decision`: the one in use; its promise is that of the limits of the part's product. A map that came with the message is another model's. */
export function onOutputs ({ anomalyMap: _earlier, ...kept }: Message, { record, anomalyMap }: Inspection, decision: Decision | undefined): Array<NodeMessage | null> {
  const weakPromise = decision?.forProduct(record.product).weakPromise
  const judged = { ...kept, inspection: record, payload: record, weakPromise, ...(anomalyMap === undefined ? {} : { anomalyMap }) }
  return outputs.map((verdict) => verdict === record.verdict ? judged : null)
}

/** For the audit log: the limits of all products, `products` where some have limits of their own, and the rates that were asked for. */
export function limitsInForce ({ limits, products }: Pick<Decision, 'limits' | 'products'>, rates: { reviewRate: number, rejectRate: number } | undefined): JsonValue {
  const own = Object.fromEntries([...products].map(([product, decision]) => [product, { ...decision.limits }]))
  return { ...limits, ...rates, ...(products.size === 0 ? {} : { products: own }) }
}
