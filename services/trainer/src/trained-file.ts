/** The file that a training leaves in its folder. */
export const TRAINED = 'trained.onnx';
/** The file that a teacher's answers are left in. */
export const ANSWERS = 'answers.arrow';
