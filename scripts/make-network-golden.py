"""Makes whole-network fixtures of test/graph: networks of common shape, narrow and with random weights, as PyTorch exports them, and gradients and training steps
as PyTorch computes them.

Run with a Python that has torch 1.13 or later:  /usr/bin/python3 scripts/make-network-golden.py
  fixtures/*.onnx        networks for inference: a residual network (batch normalisation kept), MobileNet V2 and V3
                         (folded by the exporter), a vision transformer and a U-Net
  golden/foreign.bin     gradients of one class of those with respect to the picture and to the activation `stage`
  golden/networks.bin    gradients of every parameter of residual networks in training
  golden/steps.bin       parameters after five steps of each optimiser
"""
import copy
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

from golden_file import Payload, exported

TESTS = pathlib.Path(__file__).parent.parent / 'test' / 'graph'


class Residual(nn.Module):
    """The basic block of He et al. 2016."""

    def __init__(self, taken, made, stride, norm):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(taken, made, 3, stride, 1, bias=False), norm(made)
        self.conv2, self.norm2 = nn.Conv2d(made, made, 3, 1, 1, bias=False), norm(made)
        self.shortcut = nn.Sequential(nn.Conv2d(taken, made, 1, stride, bias=False), norm(made)) if stride != 1 or taken != made else nn.Identity()

    def forward(self, x):
        return F.relu(self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, widths=(8, 12, 16), classes=5, norm=nn.BatchNorm2d):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False), norm(widths[0])
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layers = nn.ModuleList([Residual(taken, made, 1 if index == 0 else 2, norm) for index, (taken, made) in enumerate(zip((widths[0], *widths), widths))])
        self.head = nn.Linear(widths[-1], classes)

    def stage(self, x):
        x = self.pool(F.relu(self.norm(self.stem(x))))
        for layer in self.layers:
            x = layer(x)
        return x

    def forward(self, x):
        stage = self.stage(x)
        return self.head(torch.flatten(F.adaptive_avg_pool2d(stage, 1), 1)), stage


class Inverted(nn.Module):
    """The inverted residual of Sandler et al. 2018, and with squeeze and excitation and another activation that of Howard et al. 2019."""

    def __init__(self, taken, made, stride, growth, kernel, activation, squeeze):
        super().__init__()
        hidden = taken * growth
        self.grow = nn.Sequential(nn.Conv2d(taken, hidden, 1, bias=False), nn.BatchNorm2d(hidden), activation())
        self.depthwise = nn.Sequential(nn.Conv2d(hidden, hidden, kernel, stride, kernel // 2, groups=hidden, bias=False), nn.BatchNorm2d(hidden), activation())
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(hidden, hidden // 4, 1), nn.ReLU(), nn.Conv2d(hidden // 4, hidden, 1), nn.Hardsigmoid()) if squeeze else None
        self.shrink = nn.Sequential(nn.Conv2d(hidden, made, 1, bias=False), nn.BatchNorm2d(made))
        self.residual = stride == 1 and taken == made

    def forward(self, x):
        y = self.depthwise(self.grow(x))
        if self.gate is not None:
            y = y * self.gate(y)
        y = self.shrink(y)
        return x + y if self.residual else y


class MobileNet(nn.Module):
    def __init__(self, blocks, activation, classes=5):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), activation())
        self.blocks = nn.Sequential(*[Inverted(*block) for block in blocks])
        self.last = nn.Sequential(nn.Conv2d(blocks[-1][1], 32, 1, bias=False), nn.BatchNorm2d(32), activation())
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(32, classes))

    def forward(self, x):
        stage = self.last(self.blocks(self.stem(x)))
        return self.head(stage.mean([2, 3])), stage


class Attention(nn.Module):
    """One block of Dosovitskiy et al. 2021."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mixed, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x):
        batch, count, width = x.shape
        q, k, v = self.mixed(self.norm1(x)).reshape(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weights = F.softmax(q @ k.transpose(-2, -1) * (width // self.heads) ** -0.5, -1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(batch, count, width))
        return x + self.narrow(F.gelu(self.wide(self.norm2(x))))


class VisionTransformer(nn.Module):
    def __init__(self, width=16, classes=5):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, 8)
        self.token = nn.Parameter(torch.randn(1, 1, width, generator=torch.Generator().manual_seed(8)))
        self.place = nn.Parameter(torch.randn(1, 17, width, generator=torch.Generator().manual_seed(9)))
        self.blocks = nn.ModuleList([Attention(width, 4) for _ in range(2)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        stage = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.place
        x = stage
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, 0]), stage


class UNet(nn.Module):
    """After Ronneberger et al. 2015: both ways up, a skip connection, and the score of the picture as its largest place."""

    def __init__(self, classes=5):
        super().__init__()
        self.first, self.second, self.third = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 12, 3, 2, 1), nn.Conv2d(12, 16, 3, 2, 1)
        self.up, self.smooth = nn.ConvTranspose2d(16, 12, 2, 2), nn.Conv2d(20, 8, 3, 1, 1)
        self.last = nn.Conv2d(8, classes, 1)

    def forward(self, x):
        first = F.leaky_relu(self.first(x), 0.1)
        stage = F.elu(self.third(F.silu(self.second(first))))
        wide = F.interpolate(torch.sigmoid(self.up(stage)), scale_factor=2, mode='bilinear', align_corners=False)
        answer = self.last(torch.tanh(self.smooth(torch.cat([wide, first], 1))))
        return torch.amax(answer, (2, 3)), stage


def randomised(model, seed):
    """Normalisations that are not those of a fresh network: the exporter would make equal tensors one."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
            module.weight.data = torch.rand(module.weight.shape, generator=generator) + 0.5
            module.bias.data = torch.randn(module.bias.shape, generator=generator) * 0.2
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean = torch.randn(module.num_features, generator=generator) * 0.2
            module.running_var = torch.rand(module.num_features, generator=generator) + 0.5
    return model.eval()


def make_foreign():
    torch.manual_seed(2)
    v2, v3 = nn.ReLU6, nn.Hardswish
    models = {
        'resnet-narrow': ResNet(),
        'mobilenet-v2-narrow': MobileNet([(8, 8, 1, 2, 3, v2, False), (8, 12, 2, 3, 3, v2, False), (12, 12, 1, 3, 3, v2, False), (12, 16, 2, 3, 3, v2, False)], v2),
        'mobilenet-v3-narrow': MobileNet([(8, 8, 2, 2, 3, nn.ReLU, True), (8, 12, 2, 3, 3, nn.ReLU, False), (12, 12, 1, 3, 5, v3, True)], v3),
        'vision-transformer-narrow': VisionTransformer(),
        'unet-narrow': UNet(),
    }
    payload, cases = Payload(), []
    for seed, (name, model) in enumerate(models.items()):
        randomised(model, seed)
        x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
        options = {'training': torch.onnx.TrainingMode.PRESERVE, 'do_constant_folding': False} if name.startswith('resnet') else {}
        axes = {label: {0: 'batch'} for label in ('image', 'logits', 'stage')}
        path = TESTS / 'fixtures' / f'{name}.onnx'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(exported(model, (x,), ['image'], ['logits', 'stage'], dynamic_axes=axes, **options))
        exact = copy.deepcopy(model).double()
        picture = x.double().requires_grad_()
        logits, stage = exact(picture)
        upstream = torch.zeros_like(logits)
        upstream[:, 3] = 1
        found = torch.autograd.grad(logits, [picture, stage], upstream)
        cases.append({
            'name': name,
            'model': [0, 0],
            'inputs': [payload.tensor('image', x)],
            'outputs': [payload.tensor('logits', logits), payload.tensor('stage', stage)],
            'upstream': [payload.tensor('upstream', upstream)],
            'gradients': [payload.tensor(label, each) for label, each in zip(('image', 'stage'), found)],
        })
        print(path.name, path.stat().st_size, 'bytes')
    payload.write(TESTS / 'golden' / 'foreign.bin', cases)


class WithLoss(nn.Module):
    """Softmax cross-entropy against given shares of the classes."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image, target):
        answer = self.network(image)
        logits = answer[0] if isinstance(answer, tuple) else answer
        return -(F.log_softmax(logits, 1) * target).sum(1).mean()


def training_case(payload, name, network, shape, classes, seed):
    generator = torch.Generator().manual_seed(seed)
    model = WithLoss(network).train()
    image = torch.randn(shape, generator=generator)
    target = F.one_hot(torch.arange(shape[0]) % classes, classes).float()
    data = exported(copy.deepcopy(model), (image, target), ['image', 'target'], ['loss'], training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False)
    exact = copy.deepcopy(model).double()
    loss = exact(image.double(), target.double())
    loss.backward()
    return model, (image, target), {
        'name': name,
        'model': [payload.add(data), len(data)],
        'inputs': [payload.tensor('image', image), payload.tensor('target', target)],
        'outputs': [payload.tensor('loss', loss)],
        'upstream': [],
        'gradients': [payload.tensor(label, each.grad) for label, each in exact.named_parameters()],
    }


def make_networks():
    payload, cases = Payload(), []
    for name, norm in [('batch statistics', nn.BatchNorm2d), ('group normalisation', lambda channels: nn.GroupNorm(4, channels))]:
        torch.manual_seed(3)
        cases.append(training_case(payload, name, randomised(ResNet((8, 8, 12), norm=norm), 7), (4, 3, 24, 24), 5, 4)[2])
    payload.write(TESTS / 'golden' / 'networks.bin', cases)


class Lars(torch.optim.Optimizer):
    """You, Gitman and Ginsburg 2017, algorithm 1, here only to be compared with."""

    def step(self):
        for group in self.param_groups:
            for w in group['params']:
                v = self.state[w].setdefault('v', torch.zeros_like(w))
                decay, adapted = group['weight_decay'], group['weight_decay'] > 0
                rate = 0.02 * w.data.norm() / (w.grad.norm() + decay * w.data.norm()) if adapted else 1
                v.mul_(0.9).add_(group['lr'] * rate * (w.grad + decay * w.data))
                w.data.sub_(v)


def make_steps():
    payload, cases = Payload(), []
    optimisers = {
        'sgd': lambda groups: torch.optim.SGD(groups, lr=1, momentum=0.9),
        'sgd without momentum': lambda groups: torch.optim.SGD(groups, lr=1),
        'nesterov': lambda groups: torch.optim.SGD(groups, lr=1, momentum=0.8, nesterov=True),
        'adamw': lambda groups: torch.optim.AdamW(groups, lr=1),
        'lars': lambda groups: Lars(groups, {'lr': 1}),
    }
    for clip in (None, 0.3):
        for name, make in optimisers.items():
            torch.manual_seed(5)
            network = nn.Sequential(nn.Conv2d(2, 4, 3, 2, 1), nn.GroupNorm(2, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
            model, (image, target), case = training_case(payload, name if clip is None else f'{name}, clipped', network, (6, 2, 6, 6), 3, 6)
            exact = model.double()
            wide, narrow = [p for p in exact.parameters() if p.dim() > 1], [p for p in exact.parameters() if p.dim() <= 1]
            optimiser = make([{'params': wide, 'weight_decay': 0.05}, {'params': narrow, 'weight_decay': 0}])
            losses = []
            for step in range(5):
                for group in optimiser.param_groups:
                    group['lr'] = 0.1 / (step + 1)
                optimiser.zero_grad()
                loss = exact(image.double(), target.double())
                loss.backward()
                if clip is not None:
                    torch.nn.utils.clip_grad_norm_(exact.parameters(), clip)
                optimiser.step()
                losses.append(loss.detach())
            case['outputs'] = [payload.tensor('loss', torch.stack(losses)), *[payload.tensor(label, each) for label, each in exact.named_parameters()]]
            cases.append(case)
    payload.write(TESTS / 'golden' / 'steps.bin', cases)


make_foreign()
make_networks()
make_steps()
