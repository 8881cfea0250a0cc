/** Everything that the page says, in English and Korean. `{name}` is replaced by a value. */
import { explanationEnglish, explanationKorean } from './explanation-texts.ts'
import { memoryEnglish, memoryKorean } from './memory-texts.ts'
import { fitProblemInKorean, problemInKorean, reasonInKorean, skippedInKorean, stageInKorean, warningInKorean } from './said-texts.ts'
import { codedInKorean, keptInKorean } from './update-texts.ts'
import type { VerdictReason } from '../schemas/inspection.ts'
import type { LiveRole } from '../schemas/learning.ts'
import type { CaptureEvent } from '../schemas/capture-event.ts'

const english = {
  ...memoryEnglish,
  ...explanationEnglish,
  title: 'Live inspection',
  allLines: 'All lines',
  lines: 'Lines',
  good: 'Good',
  review: 'Review',
  reject: 'Reject',
  'not-inspected': 'Not inspected',
  waiting: 'Waiting for the first part',
  watching: 'Picture only, not judged yet',
  score: 'Score',
  scoreOf: 'Score {score}',
  part: 'Part {part}',
  reviewLimit: 'Review limit',
  rejectLimit: 'Reject limit',
  rate: 'Rate',
  latency: 'Latency',
  latencyHint: 'From capture to verdict: median, 95 % within {p95} ms',
  parts: 'Parts',
  rejectShare: 'Reject share',
  sinceStart: 'since server start',
  perSecond: '/s',
  scoreChart: 'Score of the last parts',
  keptParts: 'Kept parts',
  rejectParts: 'Rejects',
  reviewParts: 'Reviews',
  labelledParts: 'Labelled',
  pictureOne: '1 picture',
  pictures: '{count} pictures',
  noRejects: 'No reject so far',
  noRejectsHint: 'Rejected parts will collect here, with picture and heatmap.',
  noReviews: 'No review so far',
  noReviewsHint: 'Parts between the two limits will collect here.',
  noLabels: 'Nothing said yet',
  noLabelsHint: 'Open a part and say what it is: the line learns from it.',
  showing: 'showing {shown} of {rate} fps',
  idle: 'idle',
  capturedAt: 'captured {time}',
  hold: 'Hold rejects',
  holdHint: 'A reject stays on the screen for a moment while the line goes on',
  held: 'Reject held',
  noPicture: 'No picture yet',
  heatmap: 'Heatmap',
  opacity: 'Opacity',
  threshold: 'Show above',
  thresholdUnit: '{percent} % of the review limit',
  legendLow: 'limit',
  legendHigh: 'peak',
  language: 'Language',
  theme: 'Light, dark, or as the system',
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Connection lost, trying again',
  paused: 'Token needed',
  viewersOne: '1 viewer',
  viewers: '{count} viewers',
  lost: '{count} records not received: this browser is too slow',
  stale: 'Not live',
  emptyTitle: 'No line yet',
  emptyText: 'The server is ready. In the Node-RED editor, connect a line to this page:',
  emptyStep1: 'Add a live node and choose this live server.',
  emptyStep2: 'Wire the outputs of a score node, or of a capture node, into it.',
  emptyStep3: 'Deploy. The line appears here with its first frame.',
  tokenTitle: 'Token',
  tokenText: 'This live server asks for a token. It is set in the live server of the flow.',
  tokenWrong: 'That is not the token of this server.',
  tokenRemember: 'Remember on this device',
  open: 'Open',
  close: 'Close',
  previous: 'Newer part',
  next: 'Older part',
  save: 'Save picture',
  openPart: 'Show large',
  look: 'Look closer',
  lookHint: 'Keeps the part on the screen, to say what it is',
  words: 'What people say of it',
  sayGood: 'This one was fine',
  sayDefect: 'This is a defect',
  takeBack: 'Take back',
  defectType: 'Type of defect',
  labelRule: 'At most 60 letters, without a slash',
  saveWord: 'Save',
  unnamedDefect: 'defect',
  saidGood: 'Said to be fine',
  saidDefect: 'Said to be a defect: {type}',
  takenBackInModel: 'Taken back. The model has learned it already and keeps it until that update is rolled back; then it is not learned again.',
  takenBackAtUpdate: 'Taken back. The line forgets its picture with the next update.',
  saidWaits: 'The line learns it with the next update.',
  saidOnly: 'Noted; this line has no replay buffer that would learn it.',
  pValue: 'p-value',
  captured: 'Captured',
  frame: 'Frame',
  model: 'Model',
  reason: 'Reason',
  partId: 'Part',
  product: 'Product',
  gone: 'This picture made room for newer ones.',
  unreachable: 'The live server does not answer. Try again when the connection is back.',
  refused: 'The live server refused it (status {status}).',
  weakPromise: 'Up to {asked} % of good parts to review was asked; {heldOut} held-out good parts can promise 1 in {one} on average, {promised} %, and {atMost} % with 95 % confidence. Hold out {needed} or more.',
  learning: 'Learning from good parts',
  collecting: '{done} of {total} good parts collected',
  fitting: 'Fitting: {stage}',
  fitFailed: 'Learning failed'
}

export type TextKey = keyof typeof english
type Texts = Record<TextKey, string>

const korean: Texts = {
  ...memoryKorean,
  ...explanationKorean,
  title: '실시간 검사',
  allLines: '전체 라인',
  lines: '라인',
  good: '양품',
  review: '재확인',
  reject: '불량',
  'not-inspected': '미검사',
  waiting: '첫 부품을 기다리는 중',
  watching: '영상만 표시, 아직 판정 없음',
  score: '점수',
  scoreOf: '점수 {score}',
  part: '부품 {part}',
  reviewLimit: '재확인 한계',
  rejectLimit: '불량 한계',
  rate: '처리 속도',
  latency: '지연',
  latencyHint: '촬영부터 판정까지: 중앙값, 95 %는 {p95} ms 이내',
  parts: '부품 수',
  rejectShare: '불량률',
  sinceStart: '서버 시작 이후',
  perSecond: '/초',
  scoreChart: '최근 부품의 점수',
  keptParts: '보관된 부품',
  rejectParts: '불량',
  reviewParts: '재확인',
  labelledParts: '라벨 있음',
  pictureOne: '사진 1장',
  pictures: '사진 {count}장',
  noRejects: '아직 불량 없음',
  noRejectsHint: '불량 부품이 사진과 히트맵과 함께 여기에 모입니다.',
  noReviews: '아직 재확인 없음',
  noReviewsHint: '두 한계 사이의 부품이 여기에 모입니다.',
  noLabels: '아직 라벨 없음',
  noLabelsHint: '부품을 열어 무엇인지 알려 주세요. 라인이 그것으로 학습합니다.',
  showing: '{rate} fps 중 {shown} fps 표시',
  idle: '정지',
  capturedAt: '촬영 {time}',
  hold: '불량 화면 유지',
  holdHint: '라인이 계속 움직여도 불량 화면을 잠시 유지합니다',
  held: '불량 화면 유지 중',
  noPicture: '아직 사진 없음',
  heatmap: '히트맵',
  opacity: '불투명도',
  threshold: '표시 기준',
  thresholdUnit: '재확인 한계의 {percent} %',
  legendLow: '한계',
  legendHigh: '최댓값',
  language: '언어',
  theme: '밝게, 어둡게 또는 시스템 설정',
  connecting: '연결 중',
  connected: '연결됨',
  reconnecting: '연결이 끊겨 다시 시도 중',
  paused: '토큰 필요',
  viewersOne: '1명 시청 중',
  viewers: '{count}명 시청 중',
  lost: '기록 {count}건을 받지 못함: 브라우저가 너무 느립니다',
  stale: '실시간 아님',
  emptyTitle: '아직 라인이 없습니다',
  emptyText: '서버가 준비되었습니다. Node-RED 편집기에서 라인을 이 페이지에 연결하세요.',
  emptyStep1: 'live 노드를 추가하고 이 라이브 서버를 선택합니다.',
  emptyStep2: 'score 노드 또는 capture 노드의 출력을 연결합니다.',
  emptyStep3: '배포하면 첫 프레임과 함께 라인이 여기에 나타납니다.',
  tokenTitle: '토큰',
  tokenText: '이 라이브 서버는 토큰이 필요합니다. 토큰은 플로우의 라이브 서버에서 설정합니다.',
  tokenWrong: '이 서버의 토큰이 아닙니다.',
  tokenRemember: '이 기기에 저장',
  open: '열기',
  close: '닫기',
  previous: '더 최근 부품',
  next: '이전 부품',
  save: '사진 저장',
  openPart: '크게 보기',
  look: '자세히 보기',
  lookHint: '화면의 부품을 붙잡아 무엇인지 알려 줍니다',
  words: '사람의 판단',
  sayGood: '이 부품은 괜찮음',
  sayDefect: '이것은 불량',
  takeBack: '취소',
  defectType: '불량 종류',
  labelRule: '60자 이내, 슬래시(/) 제외',
  saveWord: '저장',
  unnamedDefect: '불량',
  saidGood: '사람이 양품으로 판단',
  saidDefect: '사람이 불량으로 판단: {type}',
  takenBackInModel: '취소했습니다. 모델이 이미 학습했으며, 그 업데이트를 되돌릴 때까지 남아 있습니다. 되돌린 뒤에는 다시 학습하지 않습니다.',
  takenBackAtUpdate: '취소했습니다. 다음 업데이트에서 라인이 이 사진을 잊습니다.',
  saidWaits: '다음 업데이트에서 라인이 학습합니다.',
  saidOnly: '기록됨. 이 라인에는 학습할 리플레이 버퍼가 없습니다.',
  pValue: 'p값',
  captured: '촬영 시각',
  frame: '프레임',
  model: '모델',
  reason: '이유',
  partId: '부품',
  product: '제품',
  gone: '새 사진이 들어와 이 사진은 삭제되었습니다.',
  unreachable: '라이브 서버가 응답하지 않습니다. 연결이 돌아오면 다시 시도하세요.',
  refused: '라이브 서버가 거절했습니다 (상태 {status}).',
  weakPromise: '양품의 {asked} %까지만 재확인하도록 요청했지만, 검증용 양품 {heldOut}개로는 평균 {one}개 중 1개({promised} %), 95 % 신뢰도로는 {atMost} %까지만 약속할 수 있습니다. 검증용 양품을 {needed}개 이상 두세요.',
  learning: '양품 학습 중',
  collecting: '양품 {total}개 중 {done}개 수집',
  fitting: '학습 단계: {stage}',
  fitFailed: '학습 실패'
}

const reasons: Record<Language, Record<VerdictReason, string>> = {
  en: {
    'within-limits': 'Within the limits',
    'above-review-limit': 'Above the review limit',
    'above-reject-limit': 'Above the reject limit',
    'deadline-passed': 'The deadline passed before the verdict',
    'queue-full': 'The queue was full',
    superseded: 'A newer frame took its place',
    'model-unavailable': 'No model is loaded',
    'line-stopped': 'The line was stopped',
    'scoring-failed': 'Scoring failed'
  },
  ko: {
    'within-limits': '한계 이내',
    'above-review-limit': '재확인 한계 초과',
    'above-reject-limit': '불량 한계 초과',
    'deadline-passed': '판정 전에 제한 시간이 지남',
    'queue-full': '대기열이 가득 참',
    superseded: '더 새로운 프레임으로 대체됨',
    'model-unavailable': '불러온 모델이 없음',
    'line-stopped': '라인이 정지됨',
    'scoring-failed': '점수 계산 실패'
  }
}

const events: Record<Language, Record<CaptureEvent['kind'], string>> = {
  en: {
    starting: 'Camera starting',
    running: 'Camera running',
    stalled: 'Camera stalled',
    restarting: 'Camera restarting',
    'end-of-stream': 'End of the stream',
    looped: 'Source started over',
    stopped: 'Camera stopped',
    error: 'Camera error',
    warning: 'Camera warning'
  },
  ko: {
    starting: '카메라 시작 중',
    running: '카메라 동작 중',
    stalled: '카메라 멈춤',
    restarting: '카메라 재시작 중',
    'end-of-stream': '스트림 끝',
    looped: '소스 처음부터 다시 시작',
    stopped: '카메라 정지',
    error: '카메라 오류',
    warning: '카메라 경고'
  }
}

const roles: Record<Language, Record<LiveRole, string>> = {
  en: { viewer: 'viewer', operator: 'operator', engineer: 'engineer' },
  ko: { viewer: '보기 담당', operator: '작업자', engineer: '엔지니어' }
}

const texts = { en: english, ko: korean }
export type Language = keyof typeof texts
export const languages: ReadonlyArray<{ code: Language, name: string }> = [{ code: 'en', name: 'English' }, { code: 'ko', name: '한국어' }]

let language: Language = 'en'

export function setLanguage (code: Language): void {
  language = code
  document.documentElement.lang = code
}

export function currentLanguage (): Language {
  return language
}

export function translate (key: TextKey, values: Record<string, string | number> = {}): string {
  return (texts[language])[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

export function reasonText (reason: VerdictReason): string {
  return reasons[language][reason]
}

export function roleText (role: LiveRole): string {
  return roles[language][role]
}

export function eventText (kind: CaptureEvent['kind']): string {
  return events[language][kind]
}

/** Of a fit or an update, as the server names it. */
export function stageText (stage: string): string {
  return language === 'ko' ? stageInKorean(stage) : stage
}

/** What an explanation left out. */
export function skippedText (skipped: string): string {
  return language === 'ko' ? skippedInKorean(skipped) : skipped
}

/** Why a method gave no map; `code` where it is an error. */
export function withoutMapText (reason: string, code: string | null = null): string {
  return language === 'ko' ? reasonInKorean(reason, code) : reason
}

/** What the server or a camera says of trouble; `words` where the code is not known in this language. */
export function problemText (code: string | null, words: string): string {
  return (language === 'ko' && code !== null ? problemInKorean(code) : undefined) ?? words
}

/** Why a fit failed; empty where only the server's own words say it. */
export function fitProblemText (code: string | null): string {
  return (language === 'ko' && code !== null ? fitProblemInKorean(code) : undefined) ?? ''
}

/** Of an update, by its code and numbers. */
export function codedText ({ text, ...coded }: { text: string, code?: string, values?: Record<string, string | number> }): string {
  return (language === 'ko' ? codedInKorean(coded) : undefined) ?? text
}

/** Why a picture is kept. */
export function keptText (text: string): string {
  return language === 'ko' ? keptInKorean(text) : text
}

/** A warning of a camera. */
export function warningText (text: string): string {
  return language === 'ko' ? warningInKorean(text) : text
}
