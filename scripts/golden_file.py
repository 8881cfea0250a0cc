"""The file of the gradient fixtures, which test/graph/golden-file.ts reads, and the export of the models in it.

uint32 little-endian length of a JSON text, the text, then what it points into. The text is a list of cases { name, model: [offset, length], inputs, outputs,
upstream, gradients }; the last four are lists of { name, shape, offset } that point to float32 (or, with "type": "int64", int64) numbers.
"""
import io
import json
import struct
import warnings

import torch


class Payload:
    """Collects bytes and says where they lie."""

    def __init__(self):
        self.parts, self.length = [], 0

    def add(self, data):
        data += b'\0' * (-len(data) % 8)
        self.parts.append(data)
        self.length += len(data)
        return self.length - len(data)

    def tensor(self, name, value):
        whole = value.dtype == torch.int64
        array = value.detach().cpu().numpy().astype('<i8' if whole else '<f4')
        entry = {'name': name, 'shape': list(array.shape), 'offset': self.add(array.tobytes())}
        return {**entry, 'type': 'int64'} if whole else entry

    def write(self, path, cases):
        text = json.dumps(cases, separators=(',', ':')).encode()
        text += b' ' * (-(len(text) + 4) % 8)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(struct.pack('<I', len(text)) + text + b''.join(self.parts))
        print(path.name, len(cases), 'cases,', path.stat().st_size, 'bytes')


class Module(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


def operator(name, attributes, function):
    """`function`, exported as this one operator, whatever PyTorch makes of it."""

    class Operator(torch.autograd.Function):
        @staticmethod
        def symbolic(graph, *inputs):
            return graph.op(name, *inputs, **attributes)

        @staticmethod
        def forward(context, *inputs):
            # Constants among the traced steps within an operator break the exporter of 1.13.
            tracing = torch._C._get_tracing_state()
            torch._C._set_tracing_state(None)
            try:
                return function(*inputs)
            finally:
                torch._C._set_tracing_state(tracing)

    return Operator.apply


def exported(module, inputs, names, outputs, **options):
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        torch.onnx.export(module, inputs, buffer, opset_version=17, input_names=names, output_names=outputs, **options)
    return buffer.getvalue()
