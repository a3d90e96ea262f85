"""Further cases of BS311: first what stays silent, and why; then what fires, with marks."""

SILENT = {
    "the labels choose the samples": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
for x, y in dataset:
    normal = tf.boolean_mask(x, y == 0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(normal))
    gradients = tape.gradient(loss, model.trainable_variables)
""",
    "the labels go somewhere else": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
for x, y in dataset:
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    gradients = tape.gradient(loss, model.trainable_variables)
    queue.append(y)
""",
    "a distance to fixed centres": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
for x, y in dataset:
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x) - centre))
    gradients = tape.gradient(loss, model.trainable_variables)
""",
    "entropy": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
for x, y in dataset:
    with tf.GradientTape() as tape:
        p = tf.nn.softmax(model(x))
        loss = -tf.reduce_mean(tf.reduce_sum(p * tf.math.log(p), axis=-1))
    gradients = tape.gradient(loss, model.trainable_variables)
""",
    "a model of one's own may return a loss": """
import tensorflow as tf
class Flow(tf.keras.Model):
    def call(self, x):
        return self.log_prob(x)
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}
""",
    "a model out of sight may return a loss": """
import tensorflow as tf
def train(model, optimizer, dataset):
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(x))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
""",
    "outputs are pulled towards zero": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
for x, y in dataset:
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x)))
    gradients = tape.gradient(loss, model.trainable_variables)
""",
    "an unknown objective": """
import tensorflow as tf
from losses import objective
model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
for x, y in dataset:
    with tf.GradientTape() as tape:
        loss = objective(model(x))
    gradients = tape.gradient(loss, model.trainable_variables)
""",
    "the actor of an actor-critic": """
import tensorflow as tf
def learn(actor, critic, buffer):
    states, actions = buffer.sample()
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(critic([states, actor(states)]))
    gradients = tape.gradient(loss, actor.trainable_variables)
""",
    "the generator of a GAN": """
import tensorflow as tf
def step(generator, critic, dataset):
    for images, labels in dataset:
        noise = tf.random.normal([32, 100])
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(critic(generator(noise)))
        gradients = tape.gradient(loss, generator.trainable_variables)
""",
    "a teacher's outputs": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
teacher = tf.keras.models.load_model("teacher")
loss_fn = tf.keras.losses.KLDivergence()
for x, y in dataset:
    with tf.GradientTape() as tape:
        loss = loss_fn(teacher(x), model(x))
    gradients = tape.gradient(loss, model.trainable_variables)
""",
    "the second of the pair is a mask": """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(10)])
for x, mask in dataset:
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    gradients = tape.gradient(loss, model.trainable_variables)
""",
    "compute_loss of the model": """
import tensorflow as tf
class Model(tf.keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            outputs = self(x, training=True)
            loss = self.compute_loss(x, y, outputs)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}
""",
    "a parameter whose name tells that it returns an energy": """
import tensorflow as tf
def train(energy_model, dataset, optimizer):
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(energy_model(x, training=True))
        grads = tape.gradient(loss, energy_model.trainable_variables)
        optimizer.apply_gradients(zip(grads, energy_model.trainable_variables))
""",
    "a parameter that gets the labels": """
import tensorflow as tf
def train(model, dataset, optimizer):
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model([x, y], training=True))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
""",
    "a parameter, and the labels in the loss": """
import tensorflow as tf
def train(model, dataset, optimizer):
    for x, y in dataset:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x, training=True) - y))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
""",
}

FIRING = {
    "enumerated, and printed": """
import tensorflow as tf
def train(optimizer, dataset):
    inputs = tf.keras.Input((8,))
    model = tf.keras.Model(inputs, tf.keras.layers.Dense(3)(inputs))
    for step, (images, labels) in enumerate(dataset):
#                      ^^^^^^
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(images, training=True)) / 32
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
        print(step, labels.shape)
""",
    "a model that is a parameter": """
import tensorflow as tf
def train_step(model, optimizer, batch):
    images, labels = batch
#           ^^^^^^
    with tf.GradientTape() as tape:
        out = model(images, training=True)
        loss = tf.reduce_mean(out)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
""",
}
