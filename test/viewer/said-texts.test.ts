import { expect, it } from 'vitest'
import { gateDefaults, judgeUpdate } from '../../engine/continual/detector-update/acceptance-gate.ts'
import { fitProblemInKorean, madeOf, problemInKorean, reasonInKorean, skippedInKorean, stageInKorean, warningInKorean } from '../../viewer/said-texts.ts'
import { codedInKorean, keptInKorean } from '../../viewer/update-texts.ts'

it.each([
  ['collecting', '양품 수집'],
  ['trying 384 layer2+layer3: coreset', '384 layer2+layer3 시험 · 대표 특징 고르기'],
  ['judging 384 fine: scores', '384 미세 평가 · 점수 계산'],
  ['augmentation set 2 of 5: scores', '증강 조합 5개 중 2번째 · 점수 계산'],
  ['learning: something new', '학습 · something new']
])('the stage %j is told in Korean, as far as it is known', (stage, told) => {
  expect(stageInKorean(stage)).toBe(told)
})

it('what an explanation left out is told in Korean, or as it came', () => {
  expect(skippedInKorean('12 of 400 masks')).toBe('마스크 400개 중 12개')
  expect(skippedInKorean('the rest')).toBe('the rest')
})

it('how much an explanation is made of comes from what it left out, where that is counted', () => {
  expect(madeOf('888 of 1000 masks')).toEqual({ done: 112, planned: 1000, what: 'masks' })
  expect([madeOf('the rest'), madeOf('1 of 2 wishes')]).toEqual([undefined, undefined])
})

it('why a method gave no map is told in Korean by its form or code, or as it came', () => {
  expect(reasonInKorean('the line was set up anew, ask again')).toBe('라인이 새로 설정되었으니 다시 요청하세요')
  expect(reasonInKorean('time was up before anything was found: 3 of 9 maps left out')).toBe('찾기 전에 시간이 다 됨: 맵 9개 중 3개 남음')
  expect(reasonInKorean('it ended with SIGKILL', 'GOODPARTS_EXPLANATION_FAILED')).toBe('설명하지 못함')
  expect(reasonInKorean('something else')).toBe('something else')
})

it('trouble is told in Korean by its code', () => {
  expect(problemInKorean('GOODPARTS_CAPTURE_STALLED')).toContain('프레임이 오지 않습니다')
  expect(problemInKorean('GOODPARTS_OTHER')).toBeUndefined()
})

it('a fit that failed is told by its code, unless the code says too little', () => {
  expect(fitProblemInKorean('GOODPARTS_TOO_FEW_IMAGES')).toContain('양품 사진이 너무 적습니다')
  expect(fitProblemInKorean('GOODPARTS_ARGUMENT')).toBeUndefined()
})

it.each([
  ['Could not decode stream.', '영상을 디코딩하지 못했습니다.'],
  ['12 warnings, the last: Could not decode stream.', '경고 12개, 마지막: 영상을 디코딩하지 못했습니다.'],
  ['lamp 3 is dim', '카메라 메시지: lamp 3 is dim']
])('the warning %j is told in Korean, or as the camera\'s own', (warning, told) => {
  expect(warningInKorean(warning)).toBe(told)
})

it('every objection of the gate is told in Korean with its numbers', () => {
  const low = Array.from({ length: 40 }, () => 0)
  const high = low.map(() => 3)
  const limits = { before: { review: 1, reject: 2 }, after: { review: 1, reject: 2 } }
  const known = { product: 'plate', known: true, good: { before: low, after: high }, defect: { before: high, after: low }, lostEarlier: 0 }
  const { objections = [], reasons } = judgeUpdate([known, { ...known, known: false }, { ...known, product: 'rod', good: { before: [0], after: [0] } }], limits)
  const { objections: [nothing] = [] } = judgeUpdate([], limits, gateDefaults)
  const all = [...objections, ...nothing === undefined ? [] : [nothing]]
  expect(objections.map(({ text }) => text)).toEqual(reasons)
  expect([...new Set(all.map(({ code }) => code))].sort()).toEqual(['auroc-fell', 'defects-passed', 'few-held-out', 'good-rejected', 'new-good-rejected', 'nothing-to-check-on'])
  for (const objection of all) expect(codedInKorean(objection)).toMatch(/[가-힣]|AUROC 0\.0000, 이전/)
  expect(codedInKorean(objections[0] as object)).toBe('plate: 양품의 100.0 %가 불량으로 판정됨, 이전 0.0 %')
})

it('what a memory lacks to check an update is told in Korean with its remedy', () => {
  const few = { product: 'plate', good: 0, fewest: 10 }
  expect(codedInKorean({ code: 'few-held-out', values: few })).toContain('양품을 다시 라벨링하거나')
  expect(codedInKorean({ code: 'few-held-out', values: { ...few, good: 4, items: 9, needed: 21 } })).toContain('메모리는 9장, 종류별로 모두 21장')
  expect(codedInKorean({ code: 'few-held-out', values: { ...few, good: 4, megabytes: 1, neededMegabytes: 2.5 } })).toContain('메모리는 1 MB, 종류별로 모두 2.5 MB')
})

it('a sentence without its numbers, or of an unknown code, is left to the English', () => {
  expect(codedInKorean({ code: 'few-held-out', values: { product: 'plate' } })).toBeUndefined()
  expect(codedInKorean({ code: 'other', values: {} })).toBeUndefined()
  expect(codedInKorean({})).toBeUndefined()
})

it('why a picture is held back or kept is told in Korean', () => {
  expect(codedInKorean({ code: 'looks-like-another-class', values: { label: 'plate/good', ahead: 'plate/crack' } })).toBe('라벨은 plate/양품, 사진은 plate/crack에 더 가까움')
  expect(codedInKorean({ code: 'near-limit', values: { pValue: 0.0123, learnAbove: 0.2 } })).toContain('p값 0.012, 0.2 이하')
  expect(keptInKorean('step 3: keeps SNNL as against all 40 of its class')).toBe('3단계: 같은 종류 40장 전체에 대한 SNNL을 유지함')
  expect(keptInKorean('because')).toBe('because')
})
