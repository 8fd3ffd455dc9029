/** The file that a training leaves in its folder. */
export const TRAINED = 'trained.onnx';
