"""What anybody's Python program does with a bundle: ONNX Runtime alone. Prints score and map as JSON."""
import json
import sys

import numpy
import onnxruntime

bundle, pixels, dims = sys.argv[1:4]
session = onnxruntime.InferenceSession(bundle, providers=["CPUExecutionProvider"])
image = numpy.fromfile(pixels, dtype=numpy.uint8).reshape(json.loads(dims))
score, anomaly_map = session.run(["score", "map"], {"image": image})
_, height, width = anomaly_map.shape
print(json.dumps({"score": score.tolist(), "map": anomaly_map.ravel().tolist(), "height": height, "width": width}))
