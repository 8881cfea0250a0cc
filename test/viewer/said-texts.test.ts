import { expect, it } from 'vitest'
import { problemInKorean, skippedInKorean, stageInKorean } from '../../viewer/said-texts.ts'

it.each([
  ['collecting', '양품 수집'],
  ['trying 384 layer2+layer3: coreset', '384 layer2+layer3 시험 · 대표 특징 고르기'],
  ['augmentation set 2 of 5: scores', '증강 조합 5개 중 2번째 · 점수 계산'],
  ['learning: something new', '학습 · something new']
])('the stage %j is told in Korean, as far as it is known', (stage, told) => {
  expect(stageInKorean(stage)).toBe(told)
})

it('what an explanation left out is told in Korean, or as it came', () => {
  expect(skippedInKorean('12 of 400 masks')).toBe('마스크 400개 중 12개')
  expect(skippedInKorean('the rest')).toBe('the rest')
})

it('trouble is told in Korean by its code', () => {
  expect(problemInKorean('GOODPARTS_CAPTURE_STALLED')).toContain('프레임이 오지 않습니다')
  expect(problemInKorean('GOODPARTS_OTHER')).toBeUndefined()
})
