/** Words that the server sends as text, told in Korean where their code or form is known; the English stays as it came. */
import type { FitProgress } from '../schemas/live.ts'

const parts: Record<string, string> = {
  collecting: '양품 수집',
  suspects: '의심스러운 사진 찾기',
  pictures: '사진 읽기',
  features: '특징 계산',
  planes: '밝기 평면 계산',
  registration: '위치 맞추기',
  components: '주성분 계산',
  covariances: '공분산 계산',
  coreset: '대표 특징 고르기',
  scales: '크기 맞추기',
  scores: '점수 계산',
  nuisances: '조명 변화 확인',
  shifts: '위치 변화 확인',
  augmentation: '증강 선택',
  defects: '불량 사진',
  'drawn defects': '그려 넣은 불량',
  first: '첫째',
  second: '둘째',
  learning: '학습',
  training: '훈련',
  calibration: '한계 보정',
  embedding: '사진 비교 준비',
  checking: '업데이트 확인',
  starting: '시작',
  done: '완료',
  ready: '완료'
}

export type Forms = ReadonlyArray<readonly [form: RegExp, korean: (...values: string[]) => string]>

const forms: Forms = [
  [/^trying (.+)$/, (what) => `${scaleInKorean(what)} 시험`],
  [/^judging (.+)$/, (what) => `${scaleInKorean(what)} 평가`],
  [/^augmentation set (\d+) of (\d+)$/, (number, count) => `증강 조합 ${count}개 중 ${number}번째`],
  [/^turn (\d+)$/, (number) => `${number}번째 회전`]
]

const scales: Record<string, string> = { fine: '미세', standard: '표준' }

/** Edge and scale, or a family. */
function scaleInKorean (what: string): string {
  return what.split(' ').map((word) => scales[word] ?? word).join(' ')
}

/** The stage of a fit or an update. */
export function stageInKorean (stage: FitProgress['stage']): string {
  return stage.split(': ').map((part) => parts[part] ?? inForm(part, forms) ?? part).join(' · ')
}

const skippedForms: Forms = [
  [/^(\d+) of (\d+) masks$/, (left, count) => `마스크 ${count}개 중 ${left}개`],
  [/^(\d+) of (\d+) squares$/, (left, count) => `사각형 ${count}개 중 ${left}개`],
  [/^(\d+) of (\d+) maps$/, (left, count) => `맵 ${count}개 중 ${left}개`],
  [/^(\d+) of (\d+) channels$/, (left, count) => `채널 ${count}개 중 ${left}개`]
]

/** What an explanation left out. */
export function skippedInKorean (skipped: string): string {
  return inForm(skipped, skippedForms) ?? skipped
}

const passes = ['masks', 'squares', 'maps', 'channels'] as const

/** How much of what was planned an explanation is made of, from what it left out; `undefined` where that is told in other words. */
export function madeOf (skipped: string): { done: number, planned: number, what: typeof passes[number] } | undefined {
  const [, left, planned, named] = /^(\d+) of (\d+) (\w+)$/.exec(skipped) ?? []
  const what = passes.find((known) => known === named)
  return what === undefined ? undefined : { done: Number(planned) - Number(left), planned: Number(planned), what }
}

const reasonForms: Forms = [
  [/^the line was set up anew, ask again$/, () => '라인이 새로 설정되었으니 다시 요청하세요'],
  [/^found nothing that speaks for the score$/, () => '점수를 설명할 만한 것을 찾지 못함'],
  [/^the activations at (.+) are no numbers for this picture$/, (layer) => `이 사진에서는 ${layer}의 활성값이 숫자가 아님`],
  [/^the gradients at (.+) are no numbers for this picture$/, (layer) => `이 사진에서는 ${layer}의 기울기가 숫자가 아님`],
  [/^time was up before anything was found: (.+) left out$/, (left) => `찾기 전에 시간이 다 됨: ${skippedInKorean(left)} 남음`]
]

/** What fails in explaining, by the codes that its reasons come with. */
const explanationProblems: Record<string, string> = {
  GOODPARTS_QUEUE_FULL: '더 급한 부품에 대기열 자리를 내줌',
  GOODPARTS_EXPLANATION_FAILED: '설명하지 못함',
  GOODPARTS_IMAGE_DECODE: '보관된 사진을 읽지 못함',
  GOODPARTS_INFERENCE_FAILED: '모델을 실행하지 못함'
}

/** Why a method gave no map; `code` where it is an error. */
export function reasonInKorean (reason: string, code: string | null = null): string {
  return inForm(reason, reasonForms) ?? explanationProblems[code ?? ''] ?? reason
}

const problems: Record<string, string> = {
  GOODPARTS_ARGUMENT: '값이 맞지 않거나 그런 대상이 없습니다.',
  GOODPARTS_PART_GONE: '부품이나 사진이 더 이상 보관되어 있지 않습니다. 더 최근 것으로 다시 시도하세요.',
  GOODPARTS_NOTHING_TO_TAKE_BACK: '취소할 것이 없습니다. 이미 취소되었을 수 있습니다.',
  GOODPARTS_EXPLANATION_FAILED: '이 부품은 지금 설명할 수 없습니다. 모델과 히트맵 노드를 확인하세요.',
  GOODPARTS_QUEUE_FULL: '처리할 것이 밀려 있습니다. 잠시 뒤 다시 시도하세요.',
  GOODPARTS_MEMORY_LOW: '메모리가 부족합니다. 잠시 뒤 다시 시도하세요.',
  GOODPARTS_STORE_FAILED: '디스크에 저장하지 못했습니다. 디스크 공간과 폴더 권한을 확인하세요.',
  GOODPARTS_CLOSED: '리플레이 버퍼가 다시 시작되는 중이라 저장하지 않았습니다. 몇 초 뒤 다시 시도하세요.',
  GOODPARTS_FORBIDDEN: '허용되지 않습니다. 토큰과 역할을 확인하세요.',
  GOODPARTS_SCHEMA_INVALID: '서버가 이 요청을 이해하지 못했습니다.',
  GOODPARTS_LIVE_FAILED: '라이브 서버에 문제가 있습니다.',
  GOODPARTS_CAPTURE_FAILED: '영상을 가져오지 못했습니다. 카메라와 연결을 확인하세요.',
  GOODPARTS_CAPTURE_STALLED: '프레임이 오지 않습니다. 카메라와 연결을 확인하세요. 느린 소스라면 감시 시간을 늘리세요.',
  GOODPARTS_PIPELINE_INVALID: '파이프라인 설정이 맞지 않습니다.',
  GOODPARTS_PIPELINE_ELEMENT_MISSING: 'GStreamer 요소가 설치되어 있지 않습니다.',
  GOODPARTS_PIPELINE_PARAMETER: '파이프라인 매개변수가 맞지 않습니다.',
  GOODPARTS_DEPENDENCY_MISSING: '필요한 프로그램이 설치되어 있지 않습니다.'
}

/** `undefined` for a code that is not known here. */
export function problemInKorean (code: string): string | undefined {
  return problems[code]
}

/** The same codes say other things of a fit than of a request; those that need the numbers of their own words are left out. */
const fitProblems: Record<string, string> = {
  GOODPARTS_FIT_FAILED: '학습이 끝나기 전에 멈췄습니다. 메모리와 로그를 확인하고 다시 시작하세요.',
  GOODPARTS_TOO_FEW_IMAGES: '양품 사진이 너무 적습니다. 양품을 더 모으세요.',
  GOODPARTS_DATASET_INVALID: '폴더에서 양품 사진을 찾지 못했습니다. 폴더를 확인하세요.',
  GOODPARTS_IMAGE_DECODE: '읽을 수 없는 사진이 있습니다. 파일을 확인하세요.',
  GOODPARTS_BUNDLE_INVALID: '학습된 번들을 모델에 넣지 못했습니다.',
  GOODPARTS_STORE_FAILED: '디스크에 저장하지 못했습니다. 디스크 공간과 폴더 권한을 확인하세요.'
}

/** `undefined` for a code that is not known here. */
export function fitProblemInKorean (code: string): string | undefined {
  return fitProblems[code]
}

/** GStreamer's own, in English, as it is where the camera's process runs. */
const warnings: Record<string, string> = {
  'A lot of buffers are being dropped.': '많은 프레임이 버려지고 있습니다.',
  'Could not read from resource.': '소스에서 읽지 못했습니다.',
  'Could not open resource for reading.': '소스를 열지 못했습니다.',
  'Could not decode stream.': '영상을 디코딩하지 못했습니다.',
  'Could not demultiplex stream.': '스트림을 나누지 못했습니다.',
  'Resource not found.': '소스를 찾지 못했습니다.',
  'Internal data stream error.': '내부 데이터 스트림 오류입니다.',
  'Internal data flow error.': '내부 데이터 흐름 오류입니다.',
  'There may be a timestamping problem, or this computer is too slow.': '타임스탬프에 문제가 있거나 이 컴퓨터가 너무 느립니다.'
}

const warningForms: Forms = [
  [/^(\d+) warnings, the last: (.+)$/s, (count, last) => `경고 ${count}개, 마지막: ${warnings[last] ?? last}`]
]

/** A camera's warning; words of its own stay, said to be its own. */
export function warningInKorean (text: string): string {
  return warnings[text] ?? inForm(text, warningForms) ?? `카메라 메시지: ${text}`
}

/** The first form that the text has; `undefined` for none. */
export function inForm (text: string, known: Forms): string | undefined {
  for (const [form, korean] of known) {
    const found = form.exec(text)
    if (found !== null) return korean(...found.slice(1))
  }
  return undefined
}
