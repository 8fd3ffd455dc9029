export { ANSWER_KINDS, type AnswerKind, readAnswerKind } from './answers/answer-kind.ts';
export { answerFile } from './answers/answer-file.ts';
export { withAnswers } from './answers/with-answers.ts';
