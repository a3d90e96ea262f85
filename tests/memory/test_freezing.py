"""Transfer learning: which layers of an application are trained, against Keras; or the plan says that it is not known."""

import pytest

from bslint.memory.expansion import expanded
from tests.memory import zoo

IMPORTS = """
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
"""
BASE = """
base = keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 3), alpha=0.35)
"""
HEAD = """
x = layers.GlobalAveragePooling2D()(base.output)
model = keras.Model(base.input, layers.Dense(5, activation="softmax")(x))
"""
FIT = """
model.compile("adam", "mse")
model.fit(tf.zeros((4, 96, 96, 3)), tf.zeros((4, 5)))
"""
FROZEN = {
    "by class": BASE
    + """
for layer in base.layers:
    if isinstance(layer, layers.BatchNormalization):
        layer.trainable = False
"""
    + HEAD
    + FIT,
    "all but a class, of the last": BASE
    + """
base.trainable=False
for l in base.layers[-20:]:
    if not isinstance(l, layers.BatchNormalization):
        l.trainable = True
"""
    + HEAD
    + FIT,
    "from a number on": BASE
    + """
base.trainable = True
for layer in base.layers[:100]:
    layer.trainable = False
"""
    + HEAD
    + FIT,
    "one name": BASE
    + """
for layer in base.layers:
    if layer.name == 'Conv_1':
        layer.trainable = False
"""
    + HEAD
    + FIT,
    "a part of the name": BASE
    + """
for layer in base.layers:
    if 'bn' in layer.name.lower() or 'BN' in layer.name:
        layer.trainable = False
"""
    + HEAD
    + FIT,
    "the start of the name": BASE
    + """
for layer in base.layers:
    layer.trainable = layer.name.startswith('block_16')
"""
    + HEAD
    + FIT,
    "from a name on, with a flag": BASE
    + """
base.trainable = True
set_trainable = False
for layer in base.layers:
    if layer.name == 'block_13_expand':
        set_trainable = True
    if set_trainable:
        layer.trainable = True
    else:
        layer.trainable = False
"""
    + HEAD
    + FIT,
    "by a counter": BASE
    + """
for i, layer in enumerate(base.layers):
    if i < 50:
        layer.trainable = False
    else:
        layer.trainable = True
"""
    + HEAD
    + FIT,
    "half of them": BASE
    + """
n = len(base.layers)//2
for layer in base.layers[:n]:
    layer.trainable = False
"""
    + HEAD
    + FIT,
    "by get_layer and by number": BASE
    + """
base.get_layer('Conv_1').trainable = False
base.layers[1].trainable=False
"""
    + HEAD
    + FIT,
    "all but the last of a model on top": BASE
    + HEAD
    + """
for layer in model.layers[:-1]:
    layer.trainable = False
"""
    + FIT,
    "a number that counts through the model on top": BASE
    + HEAD
    + """
for layer in model.layers[:140]:
    layer.trainable = False
for layer in model.layers[140:]:
    layer.trainable = True
"""
    + FIT,
    "inside a Sequential": BASE
    + """
base.trainable=False
model=keras.Sequential([base, layers.Flatten(), layers.Dense(10)])
model.layers[0].trainable=True
for layer in model.layers[0].layers[:-4]:
    layer.trainable=False
"""
    + FIT,
    "a class, negated": BASE
    + """
for layer in base.layers:
    if hasattr(layer, 'kernel_regularizer'):
        pass
    layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
"""
    + HEAD
    + FIT,
    "several classes": BASE
    + """
for layer in base.layers:
    if isinstance(layer, (layers.BatchNormalization, layers.DepthwiseConv2D)):
        layer.trainable = False
"""
    + HEAD
    + FIT,
    "the name of the class": BASE
    + """
for layer in base.layers:
    if layer.__class__.__name__ == 'BatchNormalization':
        layer.trainable = False
"""
    + HEAD
    + FIT,
    "in a function": """
def freeze_bn(model):
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
"""
    + BASE
    + """
freeze_bn(base)
"""
    + HEAD
    + FIT,
    "in a function that calls itself": """
def set_bn(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            set_bn(layer)
        elif isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
"""
    + BASE
    + """
model=keras.Sequential([base, layers.GlobalAveragePooling2D(), layers.BatchNormalization(), layers.Dense(10)])
set_bn(model)
"""
    + FIT,
    "picked by a comprehension": BASE
    + """
conv = [l for l in base.layers if 'conv' in l.name]
for l in conv:
    l.trainable=False
"""
    + HEAD
    + FIT,
    "a model on the last but one layer": """
base = keras.applications.VGG16(weights='imagenet')
x = base.layers[-2].output
out = layers.Dense(7, activation='softmax')(x)
model = keras.Model(inputs=base.input, outputs=out)
for layer in model.layers[:-5]:
    layer.trainable = False
"""
    + FIT,
    "while": BASE
    + """
i = 0
while i < 30:
    base.layers[i].trainable = False
    i += 1
"""
    + HEAD
    + FIT,
    "by number in a range": BASE
    + """
for i in range(len(base.layers) - 23):
    base.layers[i].trainable = False
"""
    + HEAD
    + FIT,
    "up to a name": BASE
    + """
for l in base.layers:
    l.trainable = False
    if l.name == 'block_6_expand':
        break
"""
    + HEAD
    + FIT,
    "names in a list": BASE
    + """
keep = ['Conv_1','Conv_1_bn']
for l in base.layers:
    if l.name not in keep:
        l.trainable = False
"""
    + HEAD
    + FIT,
    "class and name": BASE
    + """
for l in base.layers[-30:]:
    if isinstance(l, layers.Conv2D) and 'project' in l.name:
        l.trainable = False
"""
    + HEAD
    + FIT,
    "a Sequential of the program": """
m = keras.Sequential([layers.Input((8,)), layers.Dense(4), layers.Dense(5), layers.Dense(6)])
for i, l in enumerate(m.layers):
    if i < 2:
        l.trainable = False
m.compile('adam', 'mse')
m.fit(tf.zeros((4,8)), tf.zeros((4,6)))
""",
    "backwards up to a name": BASE
    + """
for layer in reversed(base.layers):
    layer.trainable = False
    if layer.name == 'block_15_add':
        break
"""
    + HEAD
    + FIT,
    "input_tensor": """
inp = layers.Input((64,64,3))
base = keras.applications.VGG16(include_top=False, input_tensor=inp)
x = layers.Flatten()(base.output)
model = keras.Model(inp, layers.Dense(4)(x))
for layer in model.layers[:15]:
    layer.trainable = False
"""
    + FIT,
    "a u-net with skips out of a frozen base": BASE
    + """
names = ["block_1_expand_relu", "block_3_expand_relu", "block_16_project"]
down = keras.Model(inputs=base.input, outputs=[base.get_layer(name).output for name in names])
down.trainable = False
up = [layers.Conv2DTranspose(filters, 3, strides=stride, padding="same") for filters, stride in ((32, 8), (16, 2))]
inputs = keras.Input((96, 96, 3))
*skips, x = down(inputs)
for layer, skip in zip(up, reversed(skips)):
    x = layers.Concatenate()([layer(x), skip])
model = keras.Model(inputs, layers.Conv2D(3, 1)(x))
"""
    + FIT,
    "all of a nested base, of whose outputs one is used": BASE
    + """
heads = keras.Model(base.input, [base.get_layer("block_3_expand_relu").output, base.output])
inputs = keras.Input((96, 96, 3))
shallow, deep = heads(inputs)
model = keras.Model(inputs, layers.Dense(5)(layers.GlobalAveragePooling2D()(shallow)))
"""
    + FIT,
}
OPEN = {
    "a model with another branch": """
a = keras.applications.MobileNetV2(include_top=False, input_shape=(96,96,3), pooling='avg')
extra = keras.Input((10,))
x = layers.Concatenate()([a.output, layers.Dense(8)(extra)])
model = keras.Model([a.input, extra], layers.Dense(3)(x))
for l in model.layers[:100]:
    l.trainable = False
"""
    + FIT,
    "up to the place of a name in a list": BASE
    + """
names = [l.name for l in base.layers]
idx = names.index('block_12_add')
for l in base.layers[:idx+1]:
    l.trainable = False
"""
    + HEAD
    + FIT,
    "zipped with numbers": BASE
    + """
for i, layer in zip(range(1000), base.layers):
    layer.trainable = i >= 50
"""
    + HEAD
    + FIT,
}


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FROZEN)
def test_what_is_trained_is_what_keras_trains(name: str) -> None:
    pytest.importorskip("tensorflow")
    program = IMPORTS + FROZEN[name]
    plan = zoo.read(program)

    assert plan is not None
    assert plan.network.unread == ()
    assert zoo.count(expanded(plan.network)) == zoo.truth(program)


@pytest.mark.parametrize("name", OPEN)
def test_what_is_trained_is_not_guessed(name: str) -> None:
    plan = zoo.read(IMPORTS + OPEN[name])

    assert plan is not None
    assert any("trained depends" in one for one in plan.network.unread)
