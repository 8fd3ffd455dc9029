import { describe, expect, it } from 'vitest';
import { cleanMessage, ortFailure } from './ort-failure.ts';

describe("ONNX Runtime's message", () => {
  it.each([
    [
      '[ONNXRuntimeError] : 1 : FAIL : Load model from x failed:/onnxruntime_src/onnxruntime/core/graph/model.cc:182 onnxruntime::Model::Model(onnx::ModelProto&&, const onnxruntime::PathString&) Unsupported model IR version: 99',
      'Load model from x failed:Unsupported model IR version: 99',
    ],
    ['Got invalid dimensions\n index: 2 Got: 61\n Please fix', 'Got invalid dimensions index: 2 Got: 61 Please fix'],
    ['', 'no reason given'],
    ['x'.repeat(1000), `${'x'.repeat(400)}...`],
  ])('is one short line without C++: %.40s', (raw, clean) => {
    expect(cleanMessage(new Error(raw))).toBe(clean);
  });

  it('names an operator that an exporter left in the file, and augmentation as what it is', () => {
    const long = `This is an invalid model. In Node, ("n", Op, "", -1) : ${'x'.repeat(500)} , Error`;
    const of = (operator: string) =>
      ortFailure(
        'RUNTIME_MODEL_REFUSED',
        new Error(`${long} No Op registered for ${operator} with domain_version of 15`),
      );
    expect(of('ImageProjectiveTransformV3')).toMatchObject({
      message: "ImageProjectiveTransformV3 is no operator of ONNX at the file's opset",
      fix: expect.stringContaining('augmentation') as string,
    });
    expect(of('Fft').fix).not.toContain('augmentation');
  });

  it('means memory when it speaks of allocation, whatever was tried', () => {
    expect(
      ortFailure('RUNTIME_RUN_FAILED', new Error('Failed to allocate memory for requested buffer of size 9')).code,
    ).toBe('RUNTIME_MEMORY_LIMIT');
    expect(ortFailure('RUNTIME_RUN_FAILED', new Error('std::bad_alloc')).code).toBe('RUNTIME_MEMORY_LIMIT');
    expect(ortFailure('RUNTIME_RUN_FAILED', new Error('bad shape'), 'here')).toMatchObject({
      code: 'RUNTIME_RUN_FAILED',
      where: 'here',
    });
  });
});
