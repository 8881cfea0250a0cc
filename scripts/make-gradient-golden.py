"""Makes test/graph/golden/operators.bin: gradients of single operators as PyTorch computes them, and the ONNX models that PyTorch exports for them.

Run with a Python that has torch 1.13 or later:  /usr/bin/python3 scripts/make-gradient-golden.py
The file's format is described in scripts/golden_file.py; whole networks are made by scripts/make-network-golden.py.
References are computed in double precision from float32 inputs and upstream gradients.
"""
import pathlib
import sys

import numpy
import torch
import torch.nn.functional as F

from golden_file import Module, Payload, exported, operator

TARGET = pathlib.Path(__file__).parent.parent / 'test' / 'graph' / 'golden' / 'operators.bin'
CASES = {}
# Operators that came, or whose meaning changed, after operator set 17, the newest that the exporter writes: the set by which a model of them goes.
NEWER = {'Mish': 18, 'Gelu': 20, 'GroupNormalization': 21}
# Without the exporter's check, which does not know them.
UNCHECKED = {'operator_export_type': torch.onnx.OperatorExportTypes.ONNX_FALLTHROUGH}


def case(name, function, *inputs, reference=None, version=17, **options):
    """`inputs` are shapes (standard normal numbers) or tensors. `reference` computes the same where PyTorch's function has no gradient; `options` are the exporter's."""
    CASES[name] = (function, reference or function, inputs, version, options)


def operator_case(name, attributes, function, *inputs):
    settings = ''.join(f' {key[:-2]} {value}' for key, value in attributes.items())
    case(f'{name} itself{settings}', operator(name, attributes, function), *inputs, reference=function, version=NEWER.get(name, 17), **UNCHECKED)


def spread(*shape):
    """Distinct numbers far from each other, in random order: no maximum hangs on a rounding."""
    count = int(numpy.prod(shape))
    return (torch.randperm(count, generator=GENERATOR).float().reshape(shape) - count / 2) / 7


def positive(*shape):
    return torch.rand(shape, generator=GENERATOR) + 0.25


GENERATOR = torch.Generator().manual_seed(1)


def whole(*values):
    return torch.tensor(values, dtype=torch.int64)


def column(values):
    return values[:, None, None]


def define_cases():
    convolutions = [
        # channels, made, kernel, stride, padding, dilation, group, size
        (3, 4, (3, 3), 1, 1, 1, 1, (7, 6)), (3, 4, (3, 3), 2, 1, 1, 1, (8, 7)), (3, 4, (3, 3), 3, 0, 1, 1, (10, 9)), (4, 6, (3, 3), 1, 2, 2, 1, (7, 8)),
        (4, 6, (3, 3), 2, 2, 2, 2, (9, 8)), (4, 4, (3, 3), 1, 1, 1, 4, (6, 7)), (4, 4, (3, 3), 2, 1, 1, 4, (8, 9)), (4, 8, (5, 5), 2, 2, 1, 4, (9, 9)),
        (5, 3, (1, 1), 1, 0, 1, 1, (5, 4)), (5, 3, (1, 1), 2, 0, 1, 1, (6, 7)), (3, 4, (7, 7), 2, 3, 1, 1, (12, 11)), (2, 3, (5, 3), (2, 1), (1, 2), 1, 1, (9, 7)),
        (2, 3, (2, 2), 2, 0, 1, 1, (7, 7)), (4, 2, (3, 1), 1, (1, 0), (2, 1), 2, (7, 5)), (3, 3, (4, 4), 3, 2, 1, 3, (9, 8)), (2, 4, (3, 3), (3, 2), 3, (1, 2), 1, (8, 9)),
    ]
    for number, (channels, made, kernel, stride, padding, dilation, group, size) in enumerate(convolutions):
        case(f'Conv {number}', lambda x, w, b, s=stride, p=padding, d=dilation, g=group: F.conv2d(x, w, b, s, p, d, g),
             (2, channels, *size), (made, channels // group, *kernel), (made,))
    case('Conv 1d', lambda x, w: F.conv1d(x, w, None, 2, 1), (2, 3, 9), (4, 3, 3))
    case('Conv 3d', lambda x, w: F.conv3d(x, w, None, 1, 1), (1, 2, 4, 3, 4), (2, 2, 3, 3, 3))
    transposed = [
        (3, 4, (2, 2), 2, 0, 0, 1, 1, (4, 5)), (4, 4, (4, 4), 2, 1, 0, 1, 2, (3, 4)), (3, 2, (3, 3), 2, 1, 1, 1, 1, (4, 4)), (2, 3, (3, 3), 1, 1, 0, 2, 1, (5, 4)),
        (4, 8, (3, 3), 3, 0, 2, 1, 4, (3, 3)),
    ]
    for number, (channels, made, kernel, stride, padding, extra, dilation, group, size) in enumerate(transposed):
        case(f'ConvTranspose {number}', lambda x, w, b, s=stride, p=padding, e=extra, g=group, d=dilation: F.conv_transpose2d(x, w, b, s, p, e, g, d),
             (2, channels, *size), (channels, made // group, *kernel), (made,))

    pools = [(3, 2, 1, False), (2, 2, 0, False), (3, 1, 1, False), (3, 2, 0, True), ((3, 2), (2, 1), (1, 0), False)]
    for number, (kernel, stride, padding, up) in enumerate(pools):
        case(f'MaxPool {number}', lambda x, k=kernel, s=stride, p=padding, u=up: F.max_pool2d(x, k, s, p, 1, u), spread(2, 2, 8, 8))
        case(f'AveragePool {number}', lambda x, k=kernel, s=stride, p=padding, u=up: F.avg_pool2d(x, k, s, p, u, False), (2, 2, 8, 8))
        if not up:
            case(f'AveragePool padded {number}', lambda x, k=kernel, s=stride, p=padding: F.avg_pool2d(x, k, s, p), (2, 2, 8, 7))
    case('MaxPool dilated', lambda x: F.max_pool2d(x, 3, 1, 1, 2), spread(1, 2, 7, 7))
    case('GlobalAveragePool', lambda x: F.adaptive_avg_pool2d(x, 1), (2, 3, 4, 5))
    case('GlobalMaxPool', lambda x: F.adaptive_max_pool2d(x, 1), spread(2, 3, 4, 5))

    for mode, size, extra in [('nearest', (6, 8), {}), ('nearest', (5, 7), {}), ('bilinear', (6, 8), {'align_corners': False}), ('bilinear', (5, 9), {'align_corners': True}),
                              ('bilinear', (2, 3), {'align_corners': False}), ('bicubic', (5, 6), {'align_corners': False})]:
        case(f'Resize {mode} {size} {extra.get("align_corners")}', lambda x, m=mode, s=size, e=extra: F.interpolate(x, size=s, mode=m, **e), (2, 3, 3, 4))

    case('BatchNormalization', lambda x, w, b, m, v: F.batch_norm(x, m, v, w, b, False), (2, 3, 4, 4), (3,), (3,), (3,), positive(3),
         reference=lambda x, w, b, m, v: (x - column(m)) / torch.sqrt(column(v) + 1e-5) * column(w) + column(b))
    case('InstanceNormalization', lambda x, w, b: F.instance_norm(x, weight=w, bias=b), (2, 3, 4, 4), (3,), (3,))
    case('GroupNorm', lambda x, w, b: F.group_norm(x, 2, w, b), (2, 4, 3, 3), (4,), (4,))
    case('LayerNormalization', lambda x, w, b: F.layer_norm(x, (5,), w, b), (3, 4, 5), (5,), (5,))

    for name, function in [('Relu', F.relu), ('LeakyRelu', lambda x: F.leaky_relu(x, 0.2)), ('Elu', lambda x: F.elu(x, 0.7)), ('Sigmoid', torch.sigmoid), ('Tanh', torch.tanh),
                           ('Erf', torch.erf), ('Gelu', F.gelu), ('Gelu tanh', lambda x: F.gelu(x, approximate='tanh')), ('Silu', F.silu), ('Mish', F.mish), ('Softplus', F.softplus),
                           ('HardSigmoid', F.hardsigmoid), ('HardSwish', F.hardswish), ('Relu6', F.relu6), ('Clip', lambda x: torch.clamp(x, -0.5, 0.8)),
                           ('Clip below', lambda x: torch.clamp(x, min=-0.3)), ('Softmax', lambda x: F.softmax(x, 1)), ('Softmax last', lambda x: F.softmax(x, -1)),
                           ('LogSoftmax', lambda x: F.log_softmax(x, 1)), ('Abs', torch.abs), ('Exp', torch.exp), ('Neg', torch.neg), ('Sin', torch.sin), ('Cos', torch.cos),
                           ('Square', lambda x: x ** 2), ('Cube', lambda x: x ** 3), ('Floor', lambda x: torch.floor(x) * x)]:
        case(name, function, (3, 4, 5))
    case('PRelu', F.prelu, (2, 3, 4), (3,))
    for name, function in [('Sqrt', torch.sqrt), ('Log', torch.log), ('Reciprocal', torch.reciprocal), ('Rsqrt', torch.rsqrt), ('Power', lambda x: x ** 1.7)]:
        case(name, function, positive(3, 4))
    case('Pow both', torch.pow, positive(3, 4), (4,))

    for name, function in [('Add', torch.add), ('Sub', torch.sub), ('Mul', torch.mul), ('Max', torch.maximum), ('Min', torch.minimum)]:
        case(name, function, (2, 3, 4), (2, 3, 4))
        case(f'{name} broadcast', function, (2, 3, 1), (4,))
    case('Div', torch.div, (2, 3, 4), positive(2, 3, 4))
    case('Div broadcast', torch.div, (3, 1), positive(2, 1, 4))
    case('Mul itself', lambda x: x * x * x, (3, 4))
    case('Where', lambda a, b: torch.where(a > b, a * 2, b), (2, 3, 4), (3, 1))

    for name, shapes in [('MatMul', ((3, 4), (4, 5))), ('MatMul batch', ((2, 3, 4), (2, 4, 5))), ('MatMul shared', ((2, 3, 4), (4, 5))), ('MatMul broadcast', ((2, 1, 3, 4), (3, 4, 2))),
                         ('MatMul vector', ((4,), (4, 5))), ('MatMul by vector', ((2, 3, 4), (4,)))]:
        case(name, torch.matmul, *shapes)
    case('Gemm', F.linear, (3, 4), (5, 4), (5,))
    case('Gemm addmm', lambda c, a, b: torch.addmm(c, a, b, beta=0.5, alpha=2), (5,), (3, 4), (4, 5))

    for name, function in [('ReduceSum', lambda x: x.sum((1, 2))), ('ReduceSum kept', lambda x: x.sum(1, keepdim=True)), ('ReduceSum all', lambda x: x.sum()),
                           ('ReduceMean', lambda x: x.mean((0, 2))), ('ReduceL2', lambda x: torch.norm(x, 2, 1)), ('ReduceL1', lambda x: torch.norm(x, 1, 2, keepdim=True)),
                           ('ReduceLogSumExp', lambda x: torch.logsumexp(x, 1)), ('Normalize', lambda x: F.normalize(x, dim=1)), ('CumSum', lambda x: torch.cumsum(x, 1)),
                           ('Variance', lambda x: x.var((1, 2)))]:
        case(name, function, (3, 4, 5))
    case('ReduceProd', lambda x: torch.prod(x, 1), positive(3, 4))
    case('ReduceMax', lambda x: torch.amax(x, (1, 2)), spread(3, 4, 5))
    case('ReduceMin', lambda x: torch.amin(x, 1, keepdim=True), spread(3, 4, 5))
    case('ReduceMax tied', lambda x: torch.amax(x, 1), torch.tensor([[1., 3., 3.], [2., 2., 2.]]))
    case('TopK', lambda x: torch.topk(x, 3, 1)[0], spread(2, 6, 3))
    case('TopK smallest', lambda x: torch.topk(x, 2, 1, largest=False)[0], spread(4, 7))

    labels = torch.tensor([[0, 2, 1], [3, 3, 0]])
    case('Cross-entropy', F.cross_entropy, (4, 5), whole(0, 4, 2, 2))
    case('Cross-entropy ignoring', lambda x, i: F.cross_entropy(x, i, ignore_index=3), (2, 4, 3), labels)
    case('Cross-entropy weighted', lambda x, i, w: F.cross_entropy(x, i, w), (2, 4, 3), labels, positive(4),
         reference=lambda x, i, w: -(w[i] * F.log_softmax(x, 1).gather(1, i[:, None]).squeeze(1)).sum() / w[i].sum())
    case('Cross-entropy each', lambda x, i: F.cross_entropy(x, i, reduction='none', ignore_index=-1), (4, 5), whole(0, -1, 2, 2))

    case('Reshape', lambda x: x.reshape(6, -1) * 2, (2, 3, 4))
    case('Flatten', lambda x: torch.flatten(x, 1) ** 2, (2, 3, 4))
    case('Squeeze', lambda x: x.squeeze(1).unsqueeze(0), (3, 1, 4))
    case('Transpose', lambda x: x.permute(2, 0, 3, 1), (2, 3, 4, 2))
    case('Expand', lambda x: x.expand(2, 3, 4), (3, 1))
    case('Tile', lambda x: x.repeat(2, 1, 3), (2, 3, 2))
    case('Concat', lambda a, b: torch.cat([a, b, a], 1), (2, 3, 2), (2, 1, 2))
    case('Split', lambda x: torch.split(x, [1, 2, 3], 1)[1] * 2, (2, 6, 2))
    case('Split two', lambda x: torch.cat([p * (i + 1) for i, p in enumerate(torch.split(x, 2, 0))], 1), (4, 3))
    case('Slice', lambda x: x[:, 1:3, -2:], (2, 4, 5))
    case('Slice strided', lambda x: x[::2, 1::3], (4, 8, 2))
    case('Pad', lambda x: F.pad(x, (1, 2, 0, 3), value=0.5), (2, 2, 3, 4))
    case('Pad negative', lambda x: F.pad(x, (-1, 2, 1, -1)), (1, 2, 4, 5))
    case('Pad reflect', lambda x: F.pad(x, (2, 1, 1, 2), mode='reflect'), (1, 2, 4, 5))
    case('Pad edge', lambda x: F.pad(x, (2, 1, 1, 2), mode='replicate'), (1, 2, 4, 5))
    case('Gather', lambda x, i: x.index_select(1, i), (3, 5, 2), whole(4, 0, 4, 2))
    case('Gather one', lambda x: x[:, 2], (3, 5, 2))
    case('GatherElements', lambda x, i: torch.gather(x, 1, i), (2, 4), torch.tensor([[0, 0, 3], [1, 2, 1]]))
    case('ScatterElements', lambda x, i, u: torch.scatter(x, 1, i, u), (2, 4), torch.tensor([[0, 3], [1, 2]]), (2, 2))
    case('ScatterElements add', lambda x, i, u: torch.scatter_add(x, 1, i, u), (2, 4), torch.tensor([[0, 0, 3], [1, 1, 1]]), (2, 3))
    case('DepthToSpace', lambda x: F.pixel_shuffle(x, 2), (1, 8, 2, 3))
    case('SpaceToDepth', lambda x: F.pixel_unshuffle(x, 2), (1, 2, 4, 6))
    case('Trilu', torch.triu, (3, 4, 4))
    case('Cast', lambda x: (x.double() * 2).to(x.dtype), (3, 4))

    # As operators of their own: PyTorch exports most of these as what they are made of.
    for name, attributes, function in [('Selu', {}, F.selu), ('Celu', {'alpha_f': 0.6}, lambda x: F.celu(x, 0.6)), ('Softsign', {}, F.softsign), ('Mish', {}, F.mish), ('Gelu', {}, F.gelu),
                                       ('Gelu', {'approximate_s': 'tanh'}, lambda x: F.gelu(x, approximate='tanh')), ('HardSwish', {}, F.hardswish),
                                       ('LpNormalization', {'axis_i': 1, 'p_i': 1}, lambda x: x / x.abs().sum(1, keepdim=True)),
                                       ('LpNormalization', {'axis_i': -1, 'p_i': 2}, lambda x: x / torch.norm(x, 2, -1, keepdim=True)),
                                       ('ReduceSumSquare', {'axes_i': [0, 2], 'keepdims_i': 0}, lambda x: (x ** 2).sum((0, 2)))]:
        operator_case(name, attributes, function, (3, 4, 5))
    operator_case('ReduceLogSum', {'axes_i': [1], 'keepdims_i': 1}, lambda x: torch.log(x.sum(1, keepdim=True)), positive(3, 4, 5))
    operator_case('Sum', {}, lambda a, b, c: a + b + c, (3, 4), (4,), (2, 1, 1))
    operator_case('Mean', {}, lambda a, b, c: (a + b + c) / 3, (3, 4), (4,), (2, 1, 1))
    operator_case('GroupNormalization', {'num_groups_i': 2}, lambda x, w, b: F.group_norm(x, 2, w, b), (2, 4, 3, 3), (4,), (4,))
    for name, function in [('Ceil', torch.ceil), ('Round', torch.round), ('Sign', torch.sign)]:
        case(name, lambda x, f=function: f(x) * x, (3, 4, 5))


def relabelled(model, version):
    """The operator set is the last number of an exported model."""
    if not model.endswith(b'\x42\x02\x10\x11'):
        raise ValueError('no operator set 17 at the end')
    return model[:-1] + bytes([version])


def main():
    define_cases()
    payload, cases, seed = Payload(), [], 100
    for name, (function, reference, given, version, options) in CASES.items():
        seed += 1
        generator = torch.Generator().manual_seed(seed)
        inputs = [each if isinstance(each, torch.Tensor) else torch.randn(each, generator=generator) for each in given]
        names = [f'x{index}' for index in range(len(inputs))]
        try:
            model = relabelled(exported(Module(function), tuple(inputs), names, ['y'], **options), version)
        except Exception as error:
            sys.exit(f'{name}: {error}')
        exact = [each.double().requires_grad_() if each.is_floating_point() else each for each in inputs]
        output = reference(*exact)
        upstream = torch.randn(output.shape, generator=generator)
        moving = [each for each in exact if each.requires_grad]
        found = iter(torch.autograd.grad(output, moving, upstream.double(), allow_unused=True))
        gradients = [payload.tensor(label, next(found)) for label, each in zip(names, exact) if each.requires_grad]
        cases.append({
            'name': name,
            'model': [payload.add(model), len(model)],
            'inputs': [payload.tensor(label, each) for label, each in zip(names, inputs)],
            'outputs': [payload.tensor('y', output)],
            'upstream': [payload.tensor('upstream', upstream)],
            'gradients': gradients,
        })
    payload.write(TARGET, cases)


if __name__ == '__main__':
    main()
