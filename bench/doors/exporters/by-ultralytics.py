"""Detectors, segmenters, poses and classifiers of Ultralytics with fresh weights, by their own export."""
import shutil

from ultralytics import YOLO

for name in ['yolov8n', 'yolov8n-seg', 'yolov8n-pose', 'yolov8n-cls', 'yolo11n']:
    made = YOLO(f'{name}.yaml').export(format='onnx', imgsz=160, simplify=False, opset=17)
    shutil.move(made, f'{name}.onnx') if made != f'{name}.onnx' else None
