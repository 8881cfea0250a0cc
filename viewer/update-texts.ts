/** Korean for what an update says: why it was refused, why a picture was held back, why one is kept. Unknown sentences stay as they came. */
import type { CodedText, SheetPicture } from '../schemas/learning.ts'
import { inForm, type Forms } from './said-texts.ts'

type Values = CodedText['values']

const percent = (share: string | number | undefined): string => `${(100 * Number(share)).toFixed(1)} %`
const area = (value: string | number | undefined): string => Number(value).toFixed(4)
/** `product/label`, where good is a word of the page. */
const label = (value: string | number | undefined): string => String(value).replace(/\/good$/, '/양품')

/** The same remedies as the gate names. */
function fewHeldOut ({ product, good, fewest, items, needed, megabytes, neededMegabytes }: Values): string {
  const again = good === 0 ? '. 이 제품의 양품을 다시 라벨링하거나, 이 제품 없이 새로 학습해 주세요' : ''
  const places = needed === undefined ? '' : `. 메모리는 ${items}장, 종류별로 모두 ${needed}장이 필요하니 늘려 주세요`
  const bytes = neededMegabytes === undefined ? '' : `. 메모리는 ${megabytes} MB, 종류별로 모두 ${neededMegabytes} MB가 필요하니 늘려 주세요`
  return `${product}: 검증용 양품 ${good}개, 최소 ${fewest}개 필요${again}${places}${bytes}`
}

/** Undefined values: the server is of another version than the page. */
const coded: Record<string, { needs: string[], korean: (values: Values) => string }> = {
  'nothing-to-check-on': { needs: ['fewest'], korean: ({ fewest }) => `모델이 알던 제품 중 검증용 양품이 ${fewest}개 있는 것이 없습니다. 지금 생산하는 제품의 양품을 확인해 주세요.` },
  'few-held-out': { needs: ['product', 'good', 'fewest'], korean: fewHeldOut },
  'good-rejected': { needs: ['product', 'after', 'before'], korean: ({ product, after, before }) => `${product}: 양품의 ${percent(after)}가 불량으로 판정됨, 이전 ${percent(before)}` },
  'new-good-rejected': { needs: ['product', 'after', 'most'], korean: ({ product, after, most }) => `${product}: 양품의 ${percent(after)}가 불량으로 판정됨, 최대 ${percent(most)}까지 허용` },
  'defects-passed': { needs: ['product', 'after', 'before'], korean: ({ product, after, before, lostEarlier = 0 }) => `${product}: 알려진 불량의 ${percent(after)}만 걸러냄, 이전 ${percent(before)}${Number(lostEarlier) > 0 ? `, 그전 업데이트에서 놓친 것 ${lostEarlier}개` : ''}` },
  'auroc-fell': { needs: ['product', 'after', 'before'], korean: ({ product, after, before }) => `${product}: AUROC ${area(after)}, 이전 ${area(before)}` },
  'labels-contradicted': { needs: ['contradicted', 'labels'], korean: ({ contradicted, labels }) => `라벨 ${labels}개 중 ${contradicted}개가 사진과 맞지 않습니다. 학습하기 전에 다시 확인해 주세요.` },
  'in-drift': { needs: [], korean: () => '드리프트 중에 촬영됨: 사람이 확인해야 합니다' },
  'near-limit': { needs: ['learnAbove'], korean: ({ pValue, learnAbove }) => `p값 ${pValue === undefined ? '알 수 없음' : Number(pValue).toPrecision(2)}, ${learnAbove} 이하: 사람이 확인해야 합니다` },
  'defect-by-line': { needs: ['label'], korean: (values) => `라인 스스로 ${label(values.label)}(이)라고 판정함: 사람이 확인해야 합니다` },
  'looks-like-another-class': { needs: ['label', 'ahead'], korean: (values) => `라벨은 ${label(values.label)}, 사진은 ${label(values.ahead)}에 더 가까움` },
  'labels-unchecked': { needs: ['label', 'untold', 'share'], korean: (values) => `${label(values.label)} 라벨은 사진으로 검증되지 않습니다. 메모리의 ${label(values.untold)} 사진 중 ${percent(values.share)}가 다른 종류처럼 보입니다.` },
  'beyond-the-limit': { needs: ['label', 'score', 'limit'], korean: (values) => `라벨은 ${label(values.label)}, 점수 ${Number(values.score).toPrecision(4)}는 불량 한계 ${Number(values.limit).toPrecision(4)}을 넘음` },
  'unlike-its-lot': { needs: ['label'], korean: (values) => `라벨은 ${label(values.label)}, 같은 묶음의 다른 사진들과 다름` },
  'neighbours-disagree': { needs: ['count', 'of', 'ahead'], korean: ({ count, of, ahead, snnl }) => `가장 가까운 ${of}장 중 ${count}장이 다른 종류, 대부분 ${label(ahead)}${snnl === undefined ? '' : `; SNNL ${Number(snnl).toFixed(2)}`}` }
}

/** `undefined` for a code that is not known here, or comes without its numbers. */
export function codedInKorean ({ code, values = {} }: { code?: string, values?: Values }): string | undefined {
  const known = coded[code ?? '']
  return known?.needs.every((name) => values[name] !== undefined) === true ? known.korean(values) : undefined
}

const keptForms: Forms = [
  [/^step (\d+): keeps SNNL as against all (\d+) of its class$/, (step, count) => `${step}단계: 같은 종류 ${count}장 전체에 대한 SNNL을 유지함`],
  [/^step (\d+): brings the mean of the kept nearest to the mean of (\d+) of its class$/, (step, count) => `${step}단계: 보관된 사진의 평균을 같은 종류 ${count}장의 평균에 가장 가깝게 함`],
  [/^drawn at random from (\d+) of its class$/, (count) => `같은 종류 ${count}장에서 무작위로 뽑음`],
  [/^drawn at random from everything seen$/, () => '지금까지 본 모든 사진에서 무작위로 뽑음'],
  [/^came while there was room$/, () => '자리가 있을 때 들어옴'],
  [/^nearest to the mean of its class$/, () => '같은 종류의 평균에 가장 가까움'],
  [/^farthest from those kept before it, by (\S+)$/, (apart) => `먼저 보관된 사진들과 가장 멂 (${apart})`],
  [/^Shapley value (\S+) for its class's nearest neighbours$/, (value) => `같은 종류의 최근접 이웃에 대한 섀플리 값 ${value}`],
  [/^largest cosine of its gradient with those kept when it came: (\S+)$/, (cosine) => `들어올 때 보관된 사진들과의 기울기 코사인 최댓값 ${cosine}`],
  [/^SNNL (\S+), among the lowest of its class$/, (value) => `SNNL ${value}, 같은 종류에서 가장 낮은 축`],
  [/^SNNL (\S+), among the highest of its class$/, (value) => `SNNL ${value}, 같은 종류에서 가장 높은 축`],
  [/^SNNL (\S+) against the memory$/, (value) => `메모리에 대한 SNNL ${value}`],
  [/^the only one of its class$/, () => '같은 종류의 유일한 사진'],
  [/^the only one of its class in the memory$/, () => '메모리에 있는 같은 종류의 유일한 사진']
]

/** Why the replay policy keeps a picture. */
export function keptInKorean (text: string): string {
  return inForm(text, keptForms) ?? text
}

/** The sentence says the number already, in either language. */
export function namesSnnl ({ text, snnl }: Pick<SheetPicture, 'text' | 'snnl'>): boolean {
  return snnl !== null && text.includes(`SNNL ${snnl.toFixed(2)}`)
}
