/** The file that a training leaves in its folder. */
export const TRAINED = 'trained.onnx';
/** The same network as the original declares its inputs and outputs, where that is another form. */
export const DECLARED = 'declared.onnx';
/** The file that a teacher's answers are left in. */
export const ANSWERS = 'answers.arrow';
/** The network in whole numbers. */
export const QUANTIZED = 'quantized.onnx';
