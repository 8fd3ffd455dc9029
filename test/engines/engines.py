"""`engines.py PAIRS.json NUMBERS.bin` prints a line of JSON for each engine and network: how far its answers are from ONNX Runtime's."""
import json
import os
import subprocess
import sys
import sysconfig
import tempfile

import numpy as np


def openvino(path, image, outputs):
    import openvino as ov

    compiled = ov.Core().compile_model(ov.Core().read_model(path), 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
    found = compiled([image])
    return {name: np.array(found[compiled.output(i)]) for i, name in enumerate(outputs)}


def opencv(path, image, outputs):
    import cv2

    net = cv2.dnn.readNetFromONNX(path)
    net.setInput(image)
    return dict(zip(outputs, net.forward(outputs)))


def ncnn(path, image, outputs):
    import ncnn as engine

    # The converter is a program in its package; the package's own modules want PyTorch, which it does not need.
    converter = os.path.join(sysconfig.get_paths()['purelib'], 'pnnx', 'pnnx')
    with tempfile.TemporaryDirectory() as folder:
        shape = f'[{",".join(map(str, image.shape))}]'
        model = os.path.join(folder, 'net.onnx')
        with open(path, 'rb') as source, open(model, 'wb') as target:
            target.write(source.read())
        ended = subprocess.run([converter, model, f'inputshape={shape}', 'fp16=0'], cwd=folder, capture_output=True, text=True)
        files = [os.path.join(folder, f'net.ncnn.{end}') for end in ('param', 'bin')]
        if ended.returncode != 0 or not all(map(os.path.exists, files)):
            raise RuntimeError(f'pnnx ended with {ended.returncode}')
        net = engine.Net()
        net.opt.use_vulkan_compute = False
        net.opt.use_fp16_arithmetic = net.opt.use_fp16_storage = net.opt.use_fp16_packed = False
        if net.load_param(files[0]) != 0 or net.load_model(files[1]) != 0:
            raise RuntimeError('what pnnx wrote is refused')
        run = net.create_extractor()
        run.input('in0', engine.Mat(np.ascontiguousarray(image[0])).clone())
        answers = {}
        for i, name in enumerate(outputs):
            code, answer = run.extract(f'out{i}')
            if code != 0:
                raise RuntimeError(f'no answer: {code}')
            answers[name] = np.array(answer)
        return answers


def tract(path, image, outputs):
    import tract as engine

    found = engine.onnx().load(path).into_model().into_runnable().run([image])
    return {name: value.to_numpy() for name, value in zip(outputs, found)}


ENGINES = {'openvino': openvino, 'opencv': opencv, 'ncnn': ncnn, 'tract': tract}


def one(engine, path, image, wanted):
    found = ENGINES[engine](path, image, list(wanted))
    worst = most = 0.0
    for name, values in wanted.items():
        answer = np.asarray(found[name], np.float32).ravel()
        if answer.size != values.size:
            return {'fault': f'{name} has {answer.size} numbers, not {values.size}'}
        gap = float(np.max(np.abs(answer - values)))
        if not np.isfinite(gap):
            return {'fault': 'no finite answer'}
        worst, most = max(worst, gap), max(most, float(np.max(np.abs(values))))
    return {'difference': worst / most}


def main():
    pairs, numbers = json.load(open(sys.argv[1])), np.fromfile(sys.argv[2], np.float32)
    take = lambda part: numbers[part['offset'] : part['offset'] + part['count']]
    for engine in ENGINES:
        for pair in pairs:
            image = take(pair['image']).reshape(pair['dims'])
            for side in ('original', 'pruned'):
                wanted = {name: take(part) for name, part in pair[side]['answers'].items()}
                # An engine may take its whole process down.
                reader, writer = os.pipe()
                child = os.fork()
                if child == 0:
                    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                    try:
                        result = one(engine, pair[side]['path'], image, wanted)
                    except BaseException as error:
                        result = {'fault': ' '.join(f'{type(error).__name__}: {error}'.split())[:200]}
                    os.write(writer, json.dumps(result).encode())
                    os._exit(0)
                os.close(writer)
                said = os.fdopen(reader).read()
                os.waitpid(child, 0)
                result = json.loads(said) if said else {'fault': 'ended its process'}
                print(json.dumps({'engine': engine, 'network': pair['name'], 'side': side, **result}), flush=True)


main()
